import type { FloatTensor } from '../graph/tensor.ts';
import type { BaseModel } from '../adapters/index.ts';
import type { SamWeights } from '../model/checkpoint/load-sam.ts';
import { randomTextAffine } from '../model/checkpoint/random-weights.ts';
import { detailModel, detailMultiple, silentDetailWeights } from '../model/detail/index.ts';
import type { DetailHead, DetailModelOptions } from '../model/detail/index.ts';
import { prepareSamWeights, samModel } from '../model/sam/index.ts';
import type { SegmentationModel } from '../model/segmentation-model.ts';
import type { SquareInput } from './model-input.ts';

/** A SAM as it was loaded, before anything is adapted or resized. `weightsHash` is that of `weights`. */
export interface SamBase extends BaseModel, SamWeights {}

/**
 * With its detail head, if it has one.
 * @param options `promptsPerImage` as in `detailModel`; a model without a head is asked one thing at a time
 */
export function samModelOf(
  { config, detail }: Pick<SamBase, 'config' | 'detail'>,
  options: Pick<DetailModelOptions, 'batchSize' | 'imageSize' | 'prompts' | 'promptsPerImage'>,
): SegmentationModel {
  return detail ? detailModel(config, detail.config, options) : samModel(config, options);
}

/**
 * All that SAM reads at an image size, the text affine layer included: the base model's own, or one to be trained.
 * @param seed of the text affine layer's start
 */
export function samTensors(base: SamBase, imageSize: number, seed: number): Map<string, FloatTensor> {
  const { config, weights, textAffine, detail } = base;
  const all = new Map([
    ...weights,
    ...(textAffine ?? randomTextAffine(config, seed)),
    ...(detail?.weights ?? []),
  ]);
  return prepareSamWeights(all, config, imageSize);
}

/** Of which the side of its square input is a multiple, in pixels. */
export function inputMultiple({ config, detail }: Pick<SamBase, 'config' | 'detail'>): number {
  return detail ? detailMultiple(detail.config, config) : config.patchSize;
}

/** How frames were shown to a SAM in training, and are shown to it since. All in pixels. */
export interface TrainedSizes {
  /** Side of its square input in training. */
  readonly imageSize: number;
  /** The same when frames are segmented. Default: `imageSize`. */
  readonly segmentedAt?: number | undefined;
  /** Longest side of the frames in training, where it saw tiles of `imageSize` of them. Default: frames were seen whole. */
  readonly frameSize?: number | undefined;
}

/** How such a SAM wants frames. @param multiple of which the side of its input must be one */
export function trainedInput(
  { imageSize, segmentedAt = imageSize, frameSize }: TrainedSizes,
  multiple: number,
): SquareInput {
  const input = { framing: 'square', side: segmentedAt } as const;
  if (frameSize === undefined) return input;
  const wholeSide = Math.ceil((segmentedAt * frameSize) / imageSize / multiple) * multiple;
  return { ...input, tiles: { share: imageSize / frameSize, wholeSide } };
}

/** The same model alone: its masks are SAM's, to the bit. */
export function withoutDetail({ detail: _, ...base }: SamBase): SamBase {
  return base;
}

/**
 * The same model with a head that sees images as another model's does, and says nothing until it is trained. A model
 * that has a head keeps its own.
 * @param seed of what is drawn anew
 */
export function withDetail(base: SamBase, head: DetailHead, seed: number): SamBase {
  if (base.detail) return base;
  const weights = silentDetailWeights(base.config, head.config, head.weights, seed);
  return { ...base, detail: { config: head.config, weights } };
}
