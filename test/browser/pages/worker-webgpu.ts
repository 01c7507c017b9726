/** The loop on a device that is asked for by name: train, keep the adapter, segment with it. */
import type { TrainRunEvent } from '../../../src/protocol/backend.ts';
import { runNoteText } from '../../../src/protocol/run-note.ts';
import { createWorkerBackend } from '../../../src/worker/client.ts';
import { GPU_CHANNEL } from '../gpu-watch.ts';
import type { FromWatch, WorkerRole } from '../gpu-watch.ts';
import { annotationOf, drawFrame, smallestModelFile } from '../tiny-model.ts';

const WORDS = ['bright'];

export interface Arguments {
  readonly device: 'webgpu' | 'wasm';
  readonly steps: number;
}

export interface Result {
  readonly device: string;
  readonly passedOver: readonly string[];
  /** What the run said for people. */
  readonly messages: readonly string[];
  readonly losses: readonly number[];
  readonly adapters: readonly { readonly name: string; readonly bytes: number }[];
  /** Of the adapter's file. */
  readonly exported: number;
  readonly probabilities: readonly (readonly number[])[];
  /** At least so many command buffers were sent to the graphics device, by each worker. */
  readonly submitted: Readonly<Record<WorkerRole, number>>;
  readonly milliseconds: { readonly training: number; readonly segmenting: number };
}

export async function main({ device, steps }: Arguments): Promise<Result> {
  const submitted: Record<WorkerRole, number> = { serve: 0, train: 0 };
  const channel = new BroadcastChannel(GPU_CHANNEL);
  channel.addEventListener('message', ({ data }: MessageEvent<FromWatch>) => {
    submitted[data.role] = data.submitted;
  });
  const backend = createWorkerBackend({
    workerUrl: '/pages/worker-gpu-entry.js',
    assets: '/ort/',
    models: [{ id: 'tiny', title: 'Tiny', url: URL.createObjectURL(new Blob([smallestModelFile()])) }],
    device,
    threads: 2,
  });
  const info = await backend.device();
  const events: TrainRunEvent[] = [];
  const start = performance.now();
  const outcome = await backend.train(
    {
      choices: {
        name: 'Discs',
        model: 'tiny',
        words: WORDS,
        method: 'salt',
        budget: { kind: 'steps', steps },
        seed: 3,
        rank: 4,
        loraRank: 4,
      },
      annotations: [annotationOf(1, 'train'), annotationOf(2, 'train')],
    },
    (event) => events.push(event),
  ).outcome;
  const training = performance.now() - start;
  if (outcome.kind !== 'finished') throw new Error(`The run ended as ${outcome.kind}.`);
  const source = { kind: 'adapter', id: outcome.adapter.id } as const;
  const { maps, milliseconds } = await backend.segment({ source, words: WORDS, frame: drawFrame(9).frame });
  const exported = await backend.exportAdapter(source.id);
  const adapters = await backend.adapters();
  await backend.dispose();
  channel.close();
  return {
    device: info.device,
    passedOver: info.passedOver.map(({ reason }) => reason),
    messages: events.flatMap((event) => (event.kind === 'note' ? [runNoteText(event.note)] : [])),
    losses: events.flatMap((event) =>
      event.kind === 'training' && event.event.kind === 'step' ? [event.event.loss.total] : [],
    ),
    adapters: adapters.map(({ name, bytes }) => ({ name, bytes })),
    exported: exported.size,
    probabilities: maps.map(({ probabilities }) => Array.from(probabilities)),
    submitted,
    milliseconds: { training, segmenting: milliseconds },
  };
}
