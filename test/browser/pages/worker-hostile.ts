/** Frames and masks that are not what they should be, as the back end is given them. */
import type { Annotation, TrainChoices } from '../../../src/protocol/backend.ts';
import type { FramePixels, MaskPixels } from '../../../src/protocol/frames.ts';
import { createWorkerBackend } from '../../../src/worker/client.ts';
import { failureOf } from '../../runtime/scenario.ts';
import { annotationOf, drawFrame, smallestModelFile } from '../tiny-model.ts';

const STEPS = 2;

const CHOICES: TrainChoices = {
  name: 'Discs',
  model: 'tiny',
  words: ['bright'],
  method: 'salt',
  budget: { kind: 'steps', steps: STEPS },
  seed: 3,
};

export interface Result {
  /** What training on each says. */
  readonly training: Readonly<Record<string, string>>;
  /** What segmenting each says. */
  readonly segmenting: Readonly<Record<string, string>>;
  /** What is in the store after all of them. */
  readonly left: { readonly unfinished: number; readonly adapters: number };
  /** Of a run with an empty mask beside another, in the same back end. */
  readonly outcome: string;
  readonly lossesFinite: boolean;
  /** How many the back end gives for a good frame afterwards. */
  readonly probabilities: number;
}

/** A good one but for what `change` makes of it. */
function changed(change: (frame: FramePixels, mask: MaskPixels) => Partial<Annotation>): Annotation {
  const { frame, bright } = drawFrame(1);
  const masks = [{ word: 'bright', mask: bright }];
  return { id: 'frame 1', frame, masks, role: 'train', ...change(frame, bright) };
}

function withNaN(values: ArrayLike<number>): Float32Array {
  const copy = Float32Array.from(values);
  copy[7] = NaN;
  return copy;
}

const BAD_FRAMES: Readonly<Record<string, Annotation>> = {
  'a NaN': changed((frame) => ({ frame: { ...frame, values: withNaN(frame.values) } })),
  'a truncated frame': changed((frame) => ({ frame: { ...frame, values: frame.values.subarray(0, -5) } })),
  'no pixels': changed((frame) => ({ frame: { ...frame, width: 0, height: 0, values: new Uint8Array(0) } })),
};

const BAD_MASKS: Readonly<Record<string, Annotation>> = {
  'a truncated mask': changed((_, mask) => ({
    masks: [{ word: 'bright', mask: { ...mask, data: mask.data.subarray(0, -5) } }],
  })),
  'a mask of another size': changed(() => ({
    masks: [{ word: 'bright', mask: { width: 5, height: 5, data: new Uint8Array(25) } }],
  })),
};

/** Says that the word is not to be seen there, which teaches, too. */
const EMPTY = changed((_, mask) => ({
  masks: [{ word: 'bright', mask: { ...mask, data: new Uint8Array(mask.data.length) } }],
}));

export async function main(): Promise<Result> {
  const backend = createWorkerBackend({
    workerUrl: '/pages/worker-entry.js',
    assets: '/ort/',
    models: [{ id: 'tiny', title: 'Tiny', url: URL.createObjectURL(new Blob([smallestModelFile()])) }],
    device: 'wasm',
    threads: 1,
  });
  const good = annotationOf(2, 'train');
  const source = { kind: 'model', id: 'tiny' } as const;
  const segment = (frame: FramePixels) => backend.segment({ source, words: ['bright'], frame });
  const training: Record<string, string> = {};
  const segmenting: Record<string, string> = {};
  for (const [name, annotation] of Object.entries({ ...BAD_FRAMES, ...BAD_MASKS })) {
    training[name] = await failureOf(
      () => backend.train({ choices: CHOICES, annotations: [annotation, good] }, () => undefined).outcome,
    );
  }
  for (const [name, { frame }] of Object.entries(BAD_FRAMES)) {
    segmenting[name] = await failureOf(() => segment(frame));
  }
  const left = {
    unfinished: (await backend.unfinished()).length,
    adapters: (await backend.adapters()).length,
  };
  const losses: number[] = [];
  const { kind } = await backend.train({ choices: CHOICES, annotations: [EMPTY, good] }, (event) => {
    if (event.kind === 'training' && event.event.kind === 'step') losses.push(event.event.loss.total);
  }).outcome;
  const { maps } = await segment(drawFrame(9).frame);
  await backend.dispose();
  return {
    training,
    segmenting,
    left,
    outcome: kind,
    lossesFinite: losses.length === STEPS && losses.every(Number.isFinite),
    probabilities: maps[0]?.probabilities.length ?? 0,
  };
}
