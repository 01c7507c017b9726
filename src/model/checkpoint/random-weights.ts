import { floatTensor, sizeOf, type FloatTensor, type Shape } from '../../graph/tensor.ts';
import { createRandom, type Random } from '../../protocol/random.ts';
import type { SamConfig } from '../sam-config.ts';
import { expectedTensors, expectedTextAffine, type SamTensorSpec } from './sam-tensors.ts';

const POSITION_SPREAD = 0.02;

/** The last layer of each of the image encoder's residual branches. */
const BRANCH_END = /^image_encoder\.blocks\.\d+\.(?:attn\.proj|mlp\.lin2)\.weight$/;
/** Branches that start small leave the stream to the image, which otherwise drowns in what they add. */
const QUIET = 0.1;

/**
 * A SAM to be trained from scratch; equal seeds give equal weights. Linear and convolution weights are uniform within
 * 1 / sqrt(inputs), as PyTorch starts them (a standard deviation of 0.02 at ViT-B's width); position tables normal
 * with 0.02; tokens and frequencies standard normal; norms the identity; biases zero. The image encoder's residual
 * branches start at a tenth.
 */
export function randomSamWeights(config: SamConfig, seed: number): Map<string, FloatTensor> {
  return fill(expectedTensors(config), seed);
}

/** A text affine layer to be trained: SAM's checkpoints have none. */
export function randomTextAffine(config: SamConfig, seed: number): Map<string, FloatTensor> {
  return fill(expectedTextAffine(config), seed);
}

function fill(specs: readonly SamTensorSpec[], seed: number): Map<string, FloatTensor> {
  const random = createRandom(seed);
  return new Map(specs.map((spec) => [spec.name, floatTensor(spec.shape, startingValues(spec, random))]));
}

function startingValues({ name, shape, role }: SamTensorSpec, random: Random): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  switch (role) {
    case 'bias':
    case 'normShift':
      return values;
    case 'normScale':
      return values.fill(1);
    case 'token':
    case 'frequencies':
      return drawInto(values, () => random.normal());
    case 'positions':
    case 'relativePositions':
      return drawInto(values, () => POSITION_SPREAD * random.normal());
    case 'weight':
    case 'transposedWeight': {
      const size = BRANCH_END.test(name) ? QUIET : 1;
      const bound = size / Math.sqrt(inputsOf(shape, role === 'transposedWeight'));
      return drawInto(values, () => bound * (2 * random.uniform() - 1));
    }
  }
}

/** Several times faster than `map` on a typed array; ViT-B has 94 million numbers. */
function drawInto(values: Float32Array, draw: () => number): Float32Array {
  for (let i = 0; i < values.length; i += 1) values[i] = draw();
  return values;
}

/** Numbers that add up to one output. */
function inputsOf(shape: Shape, transposed: boolean): number {
  // Kernel and stride of the transposed convolutions are equal: each output sees one position.
  return transposed ? (shape[0] ?? 1) : sizeOf(shape.slice(1));
}
