import { createAdapter, parseMethod } from '../../adapters/index.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import { randomSamWeights, randomTextAffine } from '../../model/checkpoint/random-weights.ts';
import { detailModel, randomDetailWeights } from '../../model/detail/index.ts';
import { prepareSamWeights } from '../../model/sam/index.ts';
import { SALT_TINY, SALT_TINY_DETAIL } from '../../model/salt-tiny.ts';
import { allStages } from '../../model/segmentation-model.ts';
import type { SegmentationModel } from '../../model/segmentation-model.ts';
import { TEXT_ENCODER_PREFIX } from '../../model/text/built-in-text.ts';
import type { StepSubject } from '../job.ts';
import type { PretrainingSettings } from './settings.ts';
import { POINT_TOKENS } from './spatial-prompts.ts';

const TEXT_AFFINE_PREFIX = 'text_affine.';

/** Of the model in pretraining: with the head's correction, and SAM by itself. */
export const PRETRAINING_OUTPUTS = 2;

/**
 * Image encoder, prompt encoder, decoder, text affine layer and detail head are trained; the text encoder knows its words
 * by then.
 * @param values all that the model reads
 * @param spatial whether prompts hold clicks and boxes
 */
export function pretrainingSubject(
  settings: PretrainingSettings,
  values: StepSubject['values'],
  spatial: boolean,
): StepSubject {
  const model = detailModel(SALT_TINY, SALT_TINY_DETAIL, {
    batchSize: settings.imagesPerStep,
    imageSize: settings.imageSize,
    prompts: { text: true, ...(spatial && { points: POINT_TOKENS }) },
    promptsPerImage: settings.promptsPerImage,
    outputs: 'both',
  });
  return {
    model,
    adapter: createAdapter(parseMethod({ method: 'full' }), allStages(model)),
    values,
  };
}

/** The model as it is used: one word, one mask. */
export function pretrainedModel(imageSize: number): SegmentationModel {
  return detailModel(SALT_TINY, SALT_TINY_DETAIL, { batchSize: 1, imageSize, prompts: { text: true } });
}

/**
 * All that the model reads at the image size of the run.
 * @param text encoder's weights, by its own names
 * @param start weights to start from, which take the place of random ones; what another text encoder was read with does
 *   not
 */
export function initialWeights(
  { seed, imageSize }: PretrainingSettings,
  text: ReadonlyMap<string, FloatTensor>,
  start: ReadonlyMap<string, FloatTensor> = new Map(),
): Map<string, FloatTensor> {
  const all = new Map([
    ...randomSamWeights(SALT_TINY, seed),
    ...randomTextAffine(SALT_TINY, seed),
    ...randomDetailWeights(SALT_TINY, SALT_TINY_DETAIL, seed),
    ...[...start].filter(([name]) => !name.startsWith(TEXT_AFFINE_PREFIX)),
    ...[...text].map(([name, value]) => [TEXT_ENCODER_PREFIX + name, value] as const),
  ]);
  return prepareSamWeights(all, SALT_TINY, imageSize);
}
