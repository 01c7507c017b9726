import { createSegmenter } from '../../inference/segmenter.ts';
import type { Flips } from '../../inference/mirror.ts';
import { compareMasks } from '../../metrics/compare-masks.ts';
import type { MaskScores } from '../../metrics/compare-masks.ts';
import { summarise } from '../../metrics/summarise.ts';
import type { ScoreSummary } from '../../metrics/summarise.ts';
import { SaltError } from '../../protocol/errors.ts';
import { breathe } from '../../protocol/breathe.ts';
import type { Job } from '../../runtime/thread.ts';
import { requireCounting } from '../../training/training-sample.ts';
import type { TrainingSample } from '../../training/training-sample.ts';
import { openData } from '../data.ts';
import { nodeFactor, openDevice } from './device.ts';
import type { CommonEvent, DeviceOptions } from './device.ts';
import { openModel } from './open-model.ts';
import type { ModelRequest } from './model-request.ts';
import { ask } from './segment-job.ts';

export interface EvaluateRequest extends ModelRequest, DeviceOptions {
  readonly folder?: string;
  readonly dicom: readonly string[];
  /** Undefined for the first that the model was taught, or else "Vein". */
  readonly word?: string;
  /** Only samples of this split. */
  readonly split?: string;
  readonly threshold: number;
  readonly minSize: number;
  readonly flips?: Flips;
}

export type EvaluateEvent =
  | CommonEvent
  | { readonly kind: 'image'; readonly done: number; readonly total: number; readonly dice: number | null };

export interface EvaluatedImage {
  readonly id: string;
  readonly scores: MaskScores;
  /** Whether scores are those inside a field of view. */
  readonly insideFieldOfView: boolean;
}

export interface EvaluateResult {
  readonly word: string;
  readonly flips: Flips;
  readonly images: readonly EvaluatedImage[];
  readonly summary: ScoreSummary;
  readonly problems: readonly string[];
}

export type EvaluateJob = Job<EvaluateRequest, EvaluateEvent, EvaluateResult>;

export const evaluateJob: EvaluateJob = async (request, { emit, signal }) => {
  const tell = (text: string): void => emit({ kind: 'message', text });
  const { executor } = await openDevice(request, emit);
  const trained = await openModel(request, nodeFactor(emit, signal), executor);
  if (request.adapter !== undefined && trained.subtracts) {
    tell(
      'This adapter was taught on frames of angiographic runs less what stands still in them. Here frames are seen as they are, and may score lower.',
    );
  }
  const known = request.word ?? trained.words[0];
  const [asked] = [...(await ask(trained, known === undefined ? [] : [known], tell))];
  if (!asked) throw new SaltError('INVALID_ARGUMENT', 'The model answers to no word.');
  const [word, { prompt, output }] = asked;
  const { folder, dicom } = request;
  const data = await openData({ ...(folder === undefined ? {} : { folder }), dicom, words: [word] });
  data.problems.forEach(tell);
  const samples = ofSplit(data.samples, request.split);
  const flips = request.flips ?? trained.flips;
  const segmenter = createSegmenter({
    executor,
    input: trained.input,
    weights: (size) => trained.weightsAt(size),
    model: (size) => trained.modelAt(size),
  });
  const images: EvaluatedImage[] = [];
  try {
    emit({ kind: 'image', done: 0, total: samples.length, dice: null });
    for (const sample of samples) {
      const frame = await sample.loadFrame();
      const truth = await sample.masks.get(word)?.();
      const fieldOfView = await sample.loadFieldOfView?.();
      requireCounting(sample.id, fieldOfView);
      const masks = await segmenter.segment(frame, {
        prompt,
        fieldOfView,
        flips,
        threshold: request.threshold,
        minComponent: request.minSize,
        shouldStop: () => signal.aborted,
      });
      const mask = masks[output];
      if (mask && truth) {
        const scores = compareMasks(mask, truth, {
          ...(fieldOfView && { fieldOfView }),
          ...(frame.spacing && { spacing: frame.spacing }),
        });
        images.push({ id: sample.id, scores, insideFieldOfView: fieldOfView !== undefined });
        emit({ kind: 'image', done: images.length, total: samples.length, dice: scores.dice });
      }
      await breathe();
      signal.throwIfAborted();
    }
  } finally {
    await segmenter.dispose();
  }
  const summary = summarise(images.map(({ scores }) => scores));
  return { word, flips, images, summary, problems: data.problems };
};

/** @throws SaltError `INVALID_ARGUMENT` naming the splits that there are */
function ofSplit(samples: readonly TrainingSample[], wanted: string | undefined): readonly TrainingSample[] {
  if (wanted === undefined) return samples;
  const chosen = samples.filter(({ split }) => split?.trim().toLowerCase() === wanted.trim().toLowerCase());
  if (chosen.length > 0) return chosen;
  const names = [...new Set(samples.flatMap(({ split }) => (split === undefined ? [] : [split])))];
  throw new SaltError(
    'INVALID_ARGUMENT',
    names.length > 0
      ? `No image belongs to the split "${wanted}": there are ${names.join(', ')}.`
      : `The data set names no splits (data_split.csv with columns image and split): leave --split out.`,
  );
}
