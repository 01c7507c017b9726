/**
 * A plain U-Net (Ronneberger et al., 2015) with group normalisation: the network that a user would pick instead
 * of an adapted SAM, and the image path of the detail head. It is trained in full, on images of its own resolution.
 */
import { z } from 'zod';
import { concat, depthToSpace, maxPool, spaceToDepth, upsampleNearest } from '../graph/ops/index.ts';
import type { Value } from '../graph/graph.ts';
import type { FloatTensor, TensorSpec } from '../graph/tensor.ts';
import { SaltError } from '../protocol/errors.ts';
import { createRandom } from '../protocol/random.ts';
import { convBlocks, initialConvWeights } from './conv-block.ts';
import { CONTRAST_BLOCK, withLocalContrast } from './local-contrast.ts';
import type { Scope } from './scope.ts';
import { allStages } from './segmentation-model.ts';
import type { SegmentationModel, Stage } from './segmentation-model.ts';
import { stageSpecs } from './stage-specs.ts';

const pathShape = {
  /** How often the grid is halved. */
  poolings: z.int().min(1).max(8),
  /** Channels of the finest grid; each pooling doubles them. */
  features: z.int().min(1).max(256),
  /**
   * Side of the squares of pixels that are folded into channels before the first convolution: layers of few channels
   * at full resolution cost memory traffic rather than arithmetic.
   */
  fold: z.literal([1, 2, 4]).default(1),
  /** Whether it sees, beside the image, the image's local contrast. */
  localContrast: z.boolean().default(false),
};

export const imagePathConfigSchema = z.strictObject(pathShape);

/** What sees the image: all of a U-Net but its last layer. */
export type ImagePathConfig = Readonly<z.infer<typeof imagePathConfigSchema>>;

export const unetConfigSchema = z.strictObject({
  ...pathShape,
  /** Masks, one for each word. */
  outputs: z.int().min(1).max(256),
});

export type UnetConfig = Readonly<z.infer<typeof unetConfigSchema>>;

/** Two million weights with one output. */
export const UNET_DEFAULTS: UnetConfig = Object.freeze({
  poolings: 4,
  features: 16,
  fold: 1,
  localContrast: false,
  outputs: 1,
});

export interface UnetModelOptions {
  readonly batchSize: number;
  /** Side of the square input in pixels, or both sides of a rectangular one. */
  readonly imageSize: number | { readonly width: number; readonly height: number };
}

const IMAGE_CHANNELS = 3;

/** Of which both sides of the input are multiples, in pixels. */
export function unetMultiple({ poolings, fold, localContrast }: ImagePathConfig): number {
  const multiple = fold * 2 ** poolings;
  return localContrast ? Math.max(multiple, CONTRAST_BLOCK) : multiple;
}

/**
 * The network at a batch and image size. Its image stage yields features on the finest grid, its prompt stage one
 * logit for each output and pixel. For a rectangle, the model's `imageSize` is the longer side.
 * @throws SaltError `INVALID_ARGUMENT` if the image cannot be halved as often as the network does
 */
export function unetModel(config: UnetConfig, { batchSize, imageSize }: UnetModelOptions): SegmentationModel {
  const { width, height } =
    typeof imageSize === 'number' ? { width: imageSize, height: imageSize } : imageSize;
  const { fold, outputs } = config;
  for (const side of [width, height]) requireMultiple(config, side);
  const image = { name: 'image', shape: [batchSize, IMAGE_CHANNELS, height, width] };
  const featureStage: Stage = {
    name: 'unet',
    prefix: '',
    batchInputs: [image],
    activation: undefined,
    build(scope, _, batch) {
      if (!batch.image) throw new RangeError('A U-Net takes an image.');
      const { skips, bottom } = contract(scope, config, batch.image);
      return skips.reduceRight((x, skip, level) => expand(scope, config, level, x, skip), bottom);
    },
  };
  const headStage: Stage = {
    name: 'head',
    prefix: '',
    batchInputs: [],
    activation: [batchSize, config.features, height / fold, width / fold],
    build(scope, activation) {
      if (!activation) throw new RangeError('The head takes the features of the U-Net.');
      const logits = scope.conv('head', activation, outputs * fold ** 2, 1);
      return fold === 1 ? logits : depthToSpace(logits, fold);
    },
  };
  return {
    imageStages: [featureStage],
    promptStage: headStage,
    batchSize,
    imageSize: Math.max(width, height),
    logitsShape: [batchSize, outputs, height, width],
  };
}

/** @throws SaltError `INVALID_ARGUMENT` */
export function requireMultiple(config: ImagePathConfig, side: number): void {
  const multiple = unetMultiple(config);
  if (side >= multiple && side % multiple === 0) return;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `A U-Net with ${config.poolings} poolings takes images whose side is a multiple of ${multiple} pixels; ${side} is not.`,
  );
}

/** The way down: what each level hands across, finest first, and the features of the coarsest grid. */
export function contract(
  scope: Scope,
  config: ImagePathConfig,
  image: Value,
): { readonly skips: readonly Value[]; readonly bottom: Value } {
  const seen = config.localContrast ? withLocalContrast(image) : image;
  let x = config.fold === 1 ? seen : spaceToDepth(seen, config.fold);
  const skips: Value[] = [];
  for (let level = 0; level < config.poolings; level++) {
    x = convBlocks(scope.within(`down.${level}`), x, channelsAt(config, level));
    skips.push(x);
    x = maxPool(x, 2);
  }
  return { skips, bottom: convBlocks(scope.within('bottom'), x, channelsAt(config, config.poolings)) };
}

/** One level of the way up. x is of the next coarser grid, `skip` what this level handed across. */
export function expand(scope: Scope, config: ImagePathConfig, level: number, x: Value, skip: Value): Value {
  const up = scope.within(`up.${level}`);
  const width = channelsAt(config, level);
  // Projecting before enlarging costs a quarter of the reverse, and gives the same.
  const enlarged = upsampleNearest(up.conv('project', x, width, 1), 2);
  return convBlocks(up, concat([skip, enlarged], 1), width);
}

/** Channels of a level's grid; level 0 is the finest. */
export function channelsAt(config: ImagePathConfig, level: number): number {
  return config.features * 2 ** level;
}

/** Every tensor of a U-Net's checkpoint, in the order of the network. */
export function expectedUnetTensors(config: UnetConfig): TensorSpec[] {
  const smallest = unetModel(config, { batchSize: 1, imageSize: unetMultiple(config) });
  return allStages(smallest).flatMap(stageSpecs);
}

/** A U-Net to be trained; equal seeds give equal weights. */
export function initialUnetWeights(config: UnetConfig, seed: number): Map<string, FloatTensor> {
  return initialConvWeights(expectedUnetTensors(config), createRandom(seed));
}
