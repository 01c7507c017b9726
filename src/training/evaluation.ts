import type { Executor } from '../graph/executor.ts';
import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import type { Mask } from '../imaging/frame.ts';
import { createSegmenter } from '../inference/segmenter.ts';
import type { Segmenter } from '../inference/segmenter.ts';
import type { Weights } from '../inference/stage-programs.ts';
import type { HeldOutScore } from '../protocol/events.ts';
import type { TrainingSubject } from './job.ts';
import type { TrainingSettings } from './settings.ts';
import type { TrainingSample } from './training-sample.ts';

/** Larger models are fed their weights rather than compiled with them: they soon change, and memory counts. */
const MAX_CONSTANT_BYTES = 64 * 2 ** 20;

/**
 * Segments the held-out samples as a user would, at their own size and inside the field of view.
 * @throws SaltError `CANCELLED` when `shouldStop` turns true
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
    weights,
    placement: bytes > MAX_CONSTANT_BYTES ? 'inputs' : 'constants',
  });
  const dices: number[] = [];
  const distances: number[] = [];
  try {
    for (const sample of samples) {
      for (const { predicted, truth, fieldOfView } of await compare(
        segmenter,
        subject,
        settings,
        sample,
        shouldStop,
      )) {
        dices.push(dice(predicted, truth, fieldOfView));
      }
    }
  } finally {
    await segmenter.dispose();
  }
  return { dice: mean(dices) ?? 0, hd95: mean(distances) ?? null };
}

interface Compared {
  readonly predicted: Mask;
  readonly truth: Mask;
  readonly fieldOfView: Mask | undefined;
}

/** Masks of one sample, for each word that it was annotated with. */
async function compare(
  segmenter: Segmenter,
  { wordRole, embeddings }: TrainingSubject,
  { words, evaluation }: Pick<TrainingSettings, 'words' | 'evaluation'>,
  sample: TrainingSample,
  shouldStop: () => boolean,
): Promise<Compared[]> {
  const frame = await sample.loadFrame();
  const fieldOfView = await sample.loadFieldOfView?.();
  const options = { ...evaluation, fieldOfView, shouldStop };
  const masks = wordRole === 'output' ? await segmenter.segment(frame, options) : [];
  const compared: Compared[] = [];
  for (const [i, word] of words.entries()) {
    const truth = await sample.masks.get(word)?.();
    if (!truth) continue;
    const prompt = promptOf(embeddings?.get(word));
    const predicted =
      wordRole === 'output' ? masks[i] : (await segmenter.segment(frame, { ...options, prompt }))[0];
    if (predicted) compared.push({ predicted, truth, fieldOfView });
  }
  return compared;
}

function promptOf(embedding: Float32Array | undefined): Record<string, FloatTensor> {
  return embedding ? { text_embedding: floatTensor([1, embedding.length], embedding) } : {};
}

function mean(values: readonly number[]): number | undefined {
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;
}

function dice(predicted: Mask, truth: Mask, inside: Mask | undefined): number {
  let [overlap, total] = [0, 0];
  for (let i = 0; i < truth.data.length; i++) {
    if (inside?.data[i] === 0) continue;
    const [p = 0, t = 0] = [predicted.data[i], truth.data[i]];
    overlap += p * t;
    total += p + t;
  }
  return total > 0 ? (2 * overlap) / total : 1;
}
