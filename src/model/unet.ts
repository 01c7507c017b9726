/**
 * A plain U-Net (Ronneberger et al., 2015) with group normalisation: the network that a user would pick instead
 * of an adapted SAM. It is trained in full, on images of its own resolution.
 */
import { z } from 'zod';
import { concat, groupNorm, maxPool, relu, upsampleNearest } from '../graph/ops/index.ts';
import type { Value } from '../graph/graph.ts';
import { floatTensor, sizeOf } from '../graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../graph/tensor.ts';
import { SaltError } from '../protocol/errors.ts';
import { createRandom } from '../protocol/random.ts';
import type { Scope } from './scope.ts';
import type { SegmentationModel, Stage } from './segmentation-model.ts';

export const unetConfigSchema = z.strictObject({
  /** How often the image is halved; its side must be a multiple of 2^poolings. */
  poolings: z.int().min(1).max(8),
  /** Channels at full resolution; each pooling doubles them. */
  features: z.int().min(1).max(256),
  /** Masks, one for each word. */
  outputs: z.int().min(1).max(256),
});

export type UnetConfig = Readonly<z.infer<typeof unetConfigSchema>>;

/** Two million weights with one output. */
export const UNET_DEFAULTS: UnetConfig = Object.freeze({ poolings: 4, features: 16, outputs: 1 });

export interface UnetModelOptions {
  readonly batchSize: number;
  /** Side of the square input in pixels, or both sides of a rectangular one. */
  readonly imageSize: number | { readonly width: number; readonly height: number };
}

const IMAGE_CHANNELS = 3;
const LARGEST_GROUP_COUNT = 8;
const NORM_EPSILON = 1e-5;

/**
 * The network at a batch and image size. Its image stage yields features at full resolution, its prompt stage one
 * logit for each output and pixel. For a rectangle, the model's `imageSize` is the longer side.
 * @throws SaltError `INVALID_ARGUMENT` if the image cannot be halved as often as the network does
 */
export function unetModel(config: UnetConfig, { batchSize, imageSize }: UnetModelOptions): SegmentationModel {
  const { width, height } =
    typeof imageSize === 'number' ? { width: imageSize, height: imageSize } : imageSize;
  const multiple = 2 ** config.poolings;
  for (const side of [width, height]) {
    if (side >= multiple && side % multiple === 0) continue;
    throw new SaltError(
      'INVALID_ARGUMENT',
      `A U-Net with ${config.poolings} poolings takes images whose side is a multiple of ${multiple} pixels; ${side} is not.`,
    );
  }
  const image = { name: 'image', shape: [batchSize, IMAGE_CHANNELS, height, width] };
  const featureStage: Stage = {
    name: 'unet',
    prefix: '',
    batchInputs: [image],
    activation: undefined,
    build(scope, _, batch) {
      if (!batch.image) throw new RangeError('A U-Net takes an image.');
      return features(scope, config, batch.image);
    },
  };
  const headStage: Stage = {
    name: 'head',
    prefix: '',
    batchInputs: [],
    activation: [batchSize, config.features, height, width],
    build(scope, activation) {
      if (!activation) throw new RangeError('The head takes the features of the U-Net.');
      return scope.conv('head', activation, config.outputs, 1);
    },
  };
  return {
    imageStages: [featureStage],
    promptStage: headStage,
    batchSize,
    imageSize: Math.max(width, height),
    logitsShape: [batchSize, config.outputs, height, width],
  };
}

/** From image [B, 3, S, S] to [B, features, S, S]. */
function features(scope: Scope, config: UnetConfig, image: Value): Value {
  const skipped: Value[] = [];
  let x = image;
  for (let level = 0; level < config.poolings; level++) {
    x = twoConvolutions(scope.within(`down.${level}`), x, channels(config, level));
    skipped.push(x);
    x = maxPool(x, 2);
  }
  x = twoConvolutions(scope.within('bottom'), x, channels(config, config.poolings));
  for (let level = config.poolings - 1; level >= 0; level--) {
    const up = scope.within(`up.${level}`);
    const skip = skipped[level];
    if (!skip) throw new RangeError(`Level ${level} was not visited on the way down.`);
    // Projecting before enlarging costs a quarter of the reverse, and gives the same.
    const enlarged = upsampleNearest(up.conv('project', x, channels(config, level), 1), 2);
    x = twoConvolutions(up, concat([skip, enlarged], 1), channels(config, level));
  }
  return x;
}

function twoConvolutions(scope: Scope, x: Value, outChannels: number): Value {
  return convolution(scope, 2, convolution(scope, 1, x, outChannels), outChannels);
}

function convolution(scope: Scope, index: 1 | 2, x: Value, outChannels: number): Value {
  const y = scope.conv(`conv${index}`, x, outChannels, 3, { padding: 1, bias: false });
  const scale = scope.tensor(`norm${index}.weight`, [outChannels]);
  const bias = scope.tensor(`norm${index}.bias`, [outChannels]);
  return relu(groupNorm(y, groupCount(outChannels), scale, bias, NORM_EPSILON));
}

function channels(config: UnetConfig, level: number): number {
  return config.features * 2 ** level;
}

/** The most groups up to eight that divide the channels. */
function groupCount(channelCount: number): number {
  for (let groups = LARGEST_GROUP_COUNT; groups > 1; groups--) {
    if (channelCount % groups === 0) return groups;
  }
  return 1;
}

type TensorRole = 'weight' | 'bias' | 'normScale' | 'normShift';

interface UnetTensorSpec extends TensorSpec {
  readonly role: TensorRole;
}

/** Every tensor of a U-Net's checkpoint, in the order of the network. */
export function expectedUnetTensors(config: UnetConfig): TensorSpec[] {
  return tensorSpecs(config).map(({ name, shape }) => ({ name, shape }));
}

/**
 * A U-Net to be trained; equal seeds give equal weights. Convolutions are normal with variance 2 / inputs (He et
 * al., 2015), norms the identity, biases zero.
 */
export function initialUnetWeights(config: UnetConfig, seed: number): Map<string, FloatTensor> {
  const random = createRandom(seed);
  return new Map(
    tensorSpecs(config).map(({ name, shape, role }) => {
      const values = new Float32Array(sizeOf(shape));
      if (role === 'normScale') values.fill(1);
      if (role === 'weight') {
        const spread = Math.sqrt(2 / sizeOf(shape.slice(1)));
        for (let i = 0; i < values.length; i++) values[i] = spread * random.normal();
      }
      return [name, floatTensor(shape, values)];
    }),
  );
}

function tensorSpecs(config: UnetConfig): UnetTensorSpec[] {
  const { poolings, features: width, outputs } = config;
  const specs: UnetTensorSpec[] = [];
  let inputs = IMAGE_CHANNELS;
  for (let level = 0; level <= poolings; level++) {
    specs.push(...blockSpecs(level < poolings ? `down.${level}` : 'bottom', inputs, channels(config, level)));
    inputs = channels(config, level);
  }
  for (let level = poolings - 1; level >= 0; level--) {
    const count = channels(config, level);
    specs.push({ name: `up.${level}.project.weight`, shape: [count, 2 * count, 1, 1], role: 'weight' });
    specs.push({ name: `up.${level}.project.bias`, shape: [count], role: 'bias' });
    specs.push(...blockSpecs(`up.${level}`, 2 * count, count));
  }
  specs.push({ name: 'head.weight', shape: [outputs, width, 1, 1], role: 'weight' });
  specs.push({ name: 'head.bias', shape: [outputs], role: 'bias' });
  return specs;
}

function blockSpecs(name: string, inputs: number, outputs: number): UnetTensorSpec[] {
  return [1, 2].flatMap((index): UnetTensorSpec[] => [
    {
      name: `${name}.conv${index}.weight`,
      shape: [outputs, index === 1 ? inputs : outputs, 3, 3],
      role: 'weight',
    },
    { name: `${name}.norm${index}.weight`, shape: [outputs], role: 'normScale' },
    { name: `${name}.norm${index}.bias`, shape: [outputs], role: 'normShift' },
  ]);
}
