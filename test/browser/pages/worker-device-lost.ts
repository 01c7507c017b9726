/** A graphics device that is taken away in the middle of a run, twice. */
import type { Backend, TrainOutcome, TrainRequest, TrainRunEvent } from '../../../src/protocol/backend.ts';
import { createWorkerBackend } from '../../../src/worker/client.ts';
import { GPU_CHANNEL } from '../gpu-watch.ts';
import type { ToWatch } from '../gpu-watch.ts';
import { annotationOf, smallestModelFile } from '../tiny-model.ts';

const STEPS = 6;
/** Done on the processor, saved, and gone on with on the graphics device. */
const SAVED = 2;

export interface Result {
  readonly outcome: string;
  /** What the run said for people. */
  readonly messages: readonly string[];
  /** The step after which each worker began. */
  readonly resumedAt: readonly number[];
  readonly steps: readonly number[];
  readonly unfinished: number;
  /** The adapter's numbers, and those of the same run undisturbed. */
  readonly numbers: string;
  readonly undisturbed: string;
}

function open(device: 'webgpu' | 'wasm'): Backend {
  return createWorkerBackend({
    workerUrl: '/pages/worker-gpu-entry.js',
    assets: '/ort/',
    models: [{ id: 'tiny', title: 'Tiny', url: URL.createObjectURL(new Blob([smallestModelFile()])) }],
    device,
    threads: 2,
  });
}

const REQUEST: TrainRequest = {
  choices: {
    name: 'Discs',
    model: 'tiny',
    words: ['bright'],
    method: 'salt',
    budget: { kind: 'steps', steps: STEPS },
    seed: 3,
    rank: 4,
    loraRank: 4,
  },
  annotations: [annotationOf(1, 'train'), annotationOf(2, 'train')],
};

function stepOf(event: TrainRunEvent): number | undefined {
  return event.kind === 'training' && event.event.kind === 'step' ? event.event.step : undefined;
}

/** Of the adapter's file, behind its header, which holds a date. */
async function numbersOf(backend: Backend, outcome: TrainOutcome): Promise<string> {
  if (outcome.kind !== 'finished') throw new Error(`The run ended as ${outcome.kind}.`);
  const file = await (await backend.exportAdapter(outcome.adapter.id)).arrayBuffer();
  const header = Number(new DataView(file).getBigUint64(0, true));
  return Array.from(new Uint8Array(file, 8 + header)).join();
}

export async function main(): Promise<Result> {
  const processor = open('wasm');
  const undisturbed = await numbersOf(processor, await processor.train(REQUEST, () => undefined).outcome);
  const begun = processor.train(REQUEST, (event) => {
    if (stepOf(event) === SAVED) begun.pause();
  });
  await begun.outcome;

  const backend = open('webgpu');
  await backend.device();
  const channel = new BroadcastChannel(GPU_CHANNEL);
  const events: TrainRunEvent[] = [];
  const resumed = backend.resume(begun.id, (event) => {
    events.push(event);
    // The first step of a worker that has a device: by then it has plainly computed there.
    const workers = events.filter(({ kind }) => kind === 'message').length;
    if (stepOf(event) === SAVED + 1 && workers < 2) {
      channel.postMessage({ kind: 'lose', role: 'train' } satisfies ToWatch);
    }
  });
  const outcome = await resumed.outcome;
  const numbers = await numbersOf(backend, outcome);
  const unfinished = (await backend.unfinished()).length;
  channel.close();
  await backend.dispose();
  await processor.dispose();
  return {
    outcome: outcome.kind,
    messages: events.flatMap((event) => (event.kind === 'message' ? [event.text] : [])),
    resumedAt: events.flatMap((event) =>
      event.kind === 'training' && event.event.kind === 'started' ? [event.event.resumedAt] : [],
    ),
    steps: events.flatMap((event) => stepOf(event) ?? []),
    unfinished,
    numbers,
    undisturbed,
  };
}
