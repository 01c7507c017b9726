/** A graphics device that is taken away in the middle of a run, twice. */
import type { Backend, TrainOutcome, TrainRequest, TrainRunEvent } from '../../../src/protocol/backend.ts';
import { runNoteText } from '../../../src/protocol/run-note.ts';
import { createWorkerBackend } from '../../../src/worker/client.ts';
import { annotationOf, smallestModelFile } from '../tiny-model.ts';

export interface Arguments {
  readonly steps: number;
}

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
    workerUrl: '/pages/worker-gpu-lost-entry.js',
    assets: '/ort/',
    models: [{ id: 'tiny', title: 'Tiny', url: URL.createObjectURL(new Blob([smallestModelFile()])) }],
    device,
    threads: 2,
  });
}

const requestFor = (steps: number): TrainRequest => ({
  choices: {
    name: 'Discs',
    model: 'tiny',
    words: ['bright'],
    method: 'salt',
    budget: { kind: 'steps', steps },
    seed: 3,
    rank: 4,
    loraRank: 4,
  },
  annotations: [annotationOf(1, 'train'), annotationOf(2, 'train')],
});

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

export async function main({ steps }: Arguments): Promise<Result> {
  const request = requestFor(steps);
  const processor = open('wasm');
  const undisturbed = await numbersOf(processor, await processor.train(request, () => undefined).outcome);
  // Done on the processor, saved, and gone on with on the graphics device.
  const begun = processor.train(request, (event) => {
    if (stepOf(event) === 1) begun.pause();
  });
  await begun.outcome;

  const backend = open('webgpu');
  await backend.device();
  const events: TrainRunEvent[] = [];
  const resumed = backend.resume(begun.id, (event) => {
    events.push(event);
  });
  const outcome = await resumed.outcome;
  const numbers = await numbersOf(backend, outcome);
  const unfinished = (await backend.unfinished()).length;
  await backend.dispose();
  await processor.dispose();
  return {
    outcome: outcome.kind,
    messages: events.flatMap((event) => (event.kind === 'note' ? [runNoteText(event.note)] : [])),
    resumedAt: events.flatMap((event) =>
      event.kind === 'training' && event.event.kind === 'started' ? [event.event.resumedAt] : [],
    ),
    steps: events.flatMap((event) => stepOf(event) ?? []),
    unfinished,
    numbers,
    undisturbed,
  };
}
