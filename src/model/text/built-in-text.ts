/**
 * The text encoder that is trained together with a model: a bag of sub-words through two small layers. As a graph it
 * is part of the training step; on the host, where nothing is trained, a phrase takes a fraction of a millisecond.
 */
import { div, mul, relu, sqrt, sum, add } from '../../graph/ops/index.ts';
import type { Value } from '../../graph/graph.ts';
import { floatTensor, sizeOf } from '../../graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../../graph/tensor.ts';
import { SaltError } from '../../protocol/errors.ts';
import { createRandom } from '../../protocol/random.ts';
import { weightsHash } from '../checkpoint/weights-hash.ts';
import type { Scope } from '../scope.ts';
import { BUCKETS, subWordFeatures } from './sub-words.ts';
import type { TextEncoder } from './text-encoder.ts';

/** Length of the embeddings, CLIP ViT-B/32's. */
export const TEXT_DIMENSION = 512;

/** Before the names of its tensors in the checkpoint of a model. */
export const TEXT_ENCODER_PREFIX = 'text_encoder.';

const HIDDEN = 64;
/** Under the root of the sum of squares: keeps the derivative finite. */
const EPSILON = 1e-12;
/** Small, so that pieces that training never met hardly move the embeddings of those that it did. */
const INITIAL_DEVIATION = 0.02;

export const BUILT_IN_TEXT_TENSORS = [
  { name: 'pieces.weight', shape: [HIDDEN, BUCKETS] },
  { name: 'embedding.weight', shape: [TEXT_DIMENSION, HIDDEN] },
  { name: 'embedding.bias', shape: [TEXT_DIMENSION] },
] as const satisfies readonly TensorSpec[];

/**
 * @param features bags of sub-words [B, BUCKETS], one `subWordFeatures` for each row
 * @returns embeddings [B, TEXT_DIMENSION] of Euclidean length 1
 */
export function builtInText(scope: Scope, features: Value): Value {
  const hidden = relu(scope.linear('pieces', features, HIDDEN, { bias: false }));
  const embedding = scope.linear('embedding', hidden, TEXT_DIMENSION);
  const squares = sum(mul(embedding, embedding), { axes: [-1], keepDims: true });
  return div(embedding, sqrt(add(squares, EPSILON)));
}

/** Weights to be trained; equal seeds give equal weights. */
export function initialBuiltInText(seed: number): Map<string, FloatTensor> {
  const random = createRandom(seed);
  const deviations: Readonly<Record<string, number>> = {
    'pieces.weight': INITIAL_DEVIATION,
    'embedding.weight': 1 / Math.sqrt(HIDDEN),
  };
  return new Map(
    BUILT_IN_TEXT_TENSORS.map(({ name, shape }) => {
      const deviation = deviations[name] ?? 0;
      const data = new Float32Array(sizeOf(shape));
      if (deviation > 0) data.forEach((_, i) => (data[i] = deviation * random.normal()));
      return [name, floatTensor(shape, data)];
    }),
  );
}

/**
 * The encoder that `builtInText` computes with the same weights, on the host. Its `id` names the weights.
 * @param weights all of `BUILT_IN_TEXT_TENSORS`; others are ignored
 * @throws SaltError `CHECKPOINT_MISMATCH` when a tensor is missing or misshapen
 */
export async function builtInTextEncoder(weights: ReadonlyMap<string, FloatTensor>): Promise<TextEncoder> {
  const own = new Map(BUILT_IN_TEXT_TENSORS.map((spec) => [spec.name, tensorOf(weights, spec)]));
  const [pieces, weight, bias] = [...own.values()].map(({ data }) => data) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return {
    id: `built-in-1/${(await weightsHash(own)).slice(0, 16)}`,
    dimension: TEXT_DIMENSION,
    // Of an empty bag only the bias is left.
    noWord: unitLength(bias),
    async embed(phrase) {
      const features = subWordFeatures(phrase);
      const hidden = Float64Array.from({ length: HIDDEN }, (_, row) =>
        Math.max(0, dot(pieces.subarray(row * BUCKETS, (row + 1) * BUCKETS), features)),
      );
      const embedding = Float64Array.from(
        bias,
        (shift, row) => shift + dot(weight.subarray(row * HIDDEN, (row + 1) * HIDDEN), hidden),
      );
      return unitLength(embedding);
    },
  };
}

function unitLength(vector: Numbers): Float32Array {
  const length = Math.sqrt(dot(vector, vector) + EPSILON);
  return Float32Array.from(vector, (value) => value / length);
}

type Numbers = Float32Array | Float64Array;

function dot(a: Numbers, b: Numbers): number {
  let total = 0;
  for (let i = 0; i < a.length; i += 1) total += a[i]! * b[i]!;
  return total;
}

function tensorOf(weights: ReadonlyMap<string, FloatTensor>, { name, shape }: TensorSpec): FloatTensor {
  const tensor = weights.get(name);
  if (tensor?.shape.join() === shape.join()) return tensor;
  const found = tensor ? `is [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]` : 'is missing';
  throw new SaltError('CHECKPOINT_MISMATCH', `The text encoder's tensor ${name} ${found}.`, { tensor: name });
}

/** The encoder of a checkpoint that holds one, as salt-tiny does. @param weights by the checkpoint's names */
export function textEncoderIn(weights: ReadonlyMap<string, FloatTensor>): Promise<TextEncoder> {
  const own = [...weights].flatMap(([name, value]) =>
    name.startsWith(TEXT_ENCODER_PREFIX) ? [[name.slice(TEXT_ENCODER_PREFIX.length), value] as const] : [],
  );
  return builtInTextEncoder(new Map(own));
}
