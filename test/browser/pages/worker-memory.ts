/** Rounds of training and segmenting in one page, and what memory is left behind by each. */
import type { Backend } from '../../../src/protocol/backend.ts';
import { createWorkerBackend } from '../../../src/worker/client.ts';
import { annotationOf, drawFrame, tinyModelFile, vesselAnnotation } from '../tiny-model.ts';

export interface Arguments {
  /** `tiny`: random and small; `salt-tiny`: the model that ships. */
  readonly model: 'tiny' | 'salt-tiny';
  /** Of training, in each round. */
  readonly seconds: number;
}

export interface Round {
  readonly steps: number;
  readonly frames: number;
  /** Of the page and its workers, after a collection of garbage, in bytes: JavaScript, buffers, DOM. */
  readonly bytes: number;
}

/** Not in the DOM's types yet. */
interface Measuring {
  measureUserAgentSpecificMemory(): Promise<{ readonly bytes: number }>;
}

const FRAMES = 4;

let backend: Backend | undefined;

function open(model: Arguments['model']): Backend {
  const url =
    model === 'tiny'
      ? URL.createObjectURL(new Blob([tinyModelFile()]))
      : '/models/salt-tiny/salt-tiny.safetensors';
  return createWorkerBackend({
    workerUrl: '/pages/worker-entry.js',
    assets: '/ort/',
    models: [{ id: model, title: model, url }],
    device: 'wasm',
    threads: 2,
  });
}

/** One more round. */
export async function main({ model, seconds }: Arguments): Promise<Round> {
  backend ??= open(model);
  const isTiny = model === 'tiny';
  const annotation = isTiny ? annotationOf : vesselAnnotation;
  const words = isTiny ? ['bright', 'dark'] : ['Vein'];
  const frame = (seed: number) => (isTiny ? drawFrame(seed).frame : vesselAnnotation(seed, 'train').frame);
  let steps = 0;
  const outcome = await backend.train(
    {
      choices: {
        name: 'Memory',
        model,
        words,
        method: 'salt',
        budget: { kind: 'minutes', minutes: seconds / 60 },
        seed: 1,
        ...(isTiny && { rank: 4, loraRank: 4 }),
      },
      annotations: [annotation(1, 'train'), annotation(2, 'train'), annotation(3, 'heldOut')],
      preview: frame(9),
    },
    (event) => {
      if (event.kind === 'training' && event.event.kind === 'step') steps = event.event.step;
    },
  ).outcome;
  if (outcome.kind !== 'finished') throw new Error(`The run ended as ${outcome.kind}.`);
  const source = { kind: 'adapter', id: outcome.adapter.id } as const;
  for (let i = 0; i < FRAMES; i++) await backend.segment({ source, words, frame: frame(20 + i) });
  const { bytes } = await (performance as unknown as Measuring).measureUserAgentSpecificMemory();
  return { steps, frames: FRAMES, bytes };
}
