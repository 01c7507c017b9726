import { createAdapter, parseMethod } from '../../adapters/index.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import { randomSamWeights, randomTextAffine } from '../../model/checkpoint/random-weights.ts';
import { detailModel, randomDetailWeights } from '../../model/detail/index.ts';
import { prepareSamWeights, samModel } from '../../model/sam/index.ts';
import { SALT_TINY, SALT_TINY_DETAIL } from '../../model/salt-tiny.ts';
import { allStages } from '../../model/segmentation-model.ts';
import type { SegmentationModel } from '../../model/segmentation-model.ts';
import { TEXT_ENCODER_PREFIX } from '../../model/text/built-in-text.ts';
import type { StepSubject } from '../job.ts';
import type { PretrainingSettings } from './settings.ts';
import { COARSE } from './coarse-masks.ts';
import { POINT_TOKENS } from './spatial-prompts.ts';

/** Of the model in pretraining: with the head's correction, and SAM by itself. */
export const PRETRAINING_OUTPUTS = 2;

/** What a part of the run teaches, and how it asks. */
export interface Lesson {
  /** SAM without the head. */
  readonly samAlone: boolean;
  /** Prompts hold clicks and boxes. */
  readonly spatial: boolean;
}

/**
 * Image encoder, prompt encoder, decoder, text affine layer and, unless SAM is alone, detail head are trained; the text
 * encoder knows its words by then.
 * @param values all that the model reads
 */
export function pretrainingSubject(
  { imagesPerStep, imageSize, promptsPerImage }: PretrainingSettings,
  values: StepSubject['values'],
  { samAlone, spatial }: Lesson,
): StepSubject {
  const prompts = { text: true, ...(spatial && { points: POINT_TOKENS }) };
  const options = { batchSize: imagesPerStep, imageSize, prompts, promptsPerImage };
  const model = samAlone
    ? // Taught on the grid of its masks.
      { ...samModel(SALT_TINY, options), imageSize: imageSize / COARSE }
    : detailModel(SALT_TINY, SALT_TINY_DETAIL, { ...options, outputs: 'both' });
  return {
    model,
    adapter: createAdapter(parseMethod({ method: 'full' }), allStages(model)),
    values,
  };
}

/** The model as it is used: one word, one mask. @param samAlone without the head */
export function pretrainedModel(imageSize: number, samAlone: boolean): SegmentationModel {
  const options = { batchSize: 1, imageSize, prompts: { text: true } };
  return samAlone ? samModel(SALT_TINY, options) : detailModel(SALT_TINY, SALT_TINY_DETAIL, options);
}

/**
 * All that the model reads at the image size of the run.
 * @param words weights of a text encoder, by its own names; without, those of `start`
 * @param start weights to start from, which take the place of random ones
 */
export function initialWeights(
  { seed, imageSize }: PretrainingSettings,
  words: ReadonlyMap<string, FloatTensor> | undefined,
  start: ReadonlyMap<string, FloatTensor> = new Map(),
): Map<string, FloatTensor> {
  const all = new Map([
    ...randomSamWeights(SALT_TINY, seed),
    ...randomTextAffine(SALT_TINY, seed),
    ...randomDetailWeights(SALT_TINY, SALT_TINY_DETAIL, seed),
    ...start,
    ...[...(words ?? [])].map(([name, value]) => [TEXT_ENCODER_PREFIX + name, value] as const),
  ]);
  return prepareSamWeights(all, SALT_TINY, imageSize);
}
