import type { Executor } from '../graph/executor.ts';
import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { maskOfRegion } from '../imaging/mask.ts';
import { createSegmenter } from '../inference/segmenter.ts';
import type { Segmenter } from '../inference/segmenter.ts';
import type { Weights } from '../inference/stage-programs.ts';
import { compareMasks } from '../metrics/compare-masks.ts';
import type { MaskScores } from '../metrics/compare-masks.ts';
import type { HeldOutScore } from '../protocol/events.ts';
import type { TrainingSubject } from './job.ts';
import type { TrainingSettings } from './settings.ts';
import { requireCounting } from './training-sample.ts';
import type { TrainingSample } from './training-sample.ts';

/** Larger models are fed their weights rather than compiled with them: they soon change, and memory counts. */
const MAX_CONSTANT_BYTES = 64 * 2 ** 20;
/** Of embeddings: frames are asked about each word in turn, and not again. */
const CACHE_BYTES = 64 * 2 ** 20;

/**
 * Segments the held-out samples as a user would, at their own size, and judges inside field of view and region.
 * @throws SaltError `CANCELLED` when `shouldStop` turns true, `DATASET_INVALID` for a frame of which nothing counts
 */
export async function evaluateHeldOut(
  executor: Executor,
  subject: TrainingSubject,
  settings: Pick<TrainingSettings, 'words' | 'evaluation'>,
  weights: Weights,
  samples: readonly TrainingSample[],
  shouldStop: () => boolean,
): Promise<HeldOutScore> {
  const bytes = [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  const segmenter = createSegmenter({
    executor,
    input: subject.input,
    model: (size) => subject.modelAt(size),
    weights: () => weights,
    cacheBytes: CACHE_BYTES,
    placement: bytes > MAX_CONSTANT_BYTES ? 'inputs' : 'constants',
  });
  const scores: MaskScores[] = [];
  try {
    for (const sample of samples) {
      scores.push(...(await scoresOf(segmenter, subject, settings, sample, shouldStop)));
    }
  } finally {
    await segmenter.dispose();
  }
  return { dice: mean(scores.map(({ dice }) => dice)), hd95: mean(scores.map(({ hd95 }) => hd95)) };
}

/** One sample, for each word that it was annotated with. */
async function scoresOf(
  segmenter: Segmenter,
  { wordRole, embeddings }: TrainingSubject,
  { words, evaluation }: Pick<TrainingSettings, 'words' | 'evaluation'>,
  sample: TrainingSample,
  shouldStop: () => boolean,
): Promise<MaskScores[]> {
  const frame = await sample.loadFrame();
  const fieldOfView = await sample.loadFieldOfView?.();
  const judged = maskOfRegion(frame, sample.region, fieldOfView);
  requireCounting(sample.id, judged);
  const options = { ...evaluation, fieldOfView, shouldStop };
  const masks = wordRole === 'output' ? await segmenter.segment(frame, options) : [];
  const scores: MaskScores[] = [];
  for (const [i, word] of words.entries()) {
    const truth = await sample.masks.get(word)?.();
    if (!truth) continue;
    const prompt = promptOf(embeddings?.get(word));
    const predicted =
      wordRole === 'output' ? masks[i] : (await segmenter.segment(frame, { ...options, prompt }))[0];
    if (predicted) scores.push(compareMasks(predicted, truth, judged && { fieldOfView: judged }));
  }
  return scores;
}

function promptOf(embedding: Float32Array | undefined): Record<string, FloatTensor> {
  return embedding ? { text_embedding: floatTensor([1, embedding.length], embedding) } : {};
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
