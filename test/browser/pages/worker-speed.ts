/** How long the model that ships takes in the browser, from the first press on. */
import { createWorkerBackend } from '../../../src/worker/client.ts';
import { vesselAnnotation } from '../tiny-model.ts';

export interface Arguments {
  readonly threads: number;
  readonly steps: number;
}

export interface Report {
  readonly milliseconds: Readonly<Record<string, number>>;
  readonly stepMilliseconds: readonly number[];
  readonly plan: string;
  /** Pictures that the page drew a second while the training went on. */
  readonly framesPerSecond: number;
}

export async function main({ threads, steps }: Arguments): Promise<Report> {
  const backend = createWorkerBackend({
    workerUrl: '/pages/worker-entry.js',
    assets: '/ort/',
    models: [{ id: 'salt-tiny', title: 'SALT tiny', url: '/models/salt-tiny/salt-tiny.safetensors' }],
    device: 'wasm',
    threads,
  });
  const milliseconds: Record<string, number> = {};
  const timed = async <T>(what: string, task: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await task();
    milliseconds[what] = performance.now() - start;
    return result;
  };
  const source = { kind: 'model', id: 'salt-tiny' } as const;
  const annotations = [1, 2, 3].map((seed) => vesselAnnotation(seed, seed < 3 ? 'train' : 'heldOut'));
  const frame = (n: number) => vesselAnnotation(n, 'train').frame;
  await timed('first draft', () => backend.segment({ source, words: ['Vein'], frame: frame(5) }));
  await timed('the same frame again', () => backend.segment({ source, words: ['Vein'], frame: frame(5) }));
  await timed('another frame', () => backend.segment({ source, words: ['Vein'], frame: frame(6) }));
  let plan = '';
  const at: number[] = [];
  let drawn = 0;
  let drawing = true;
  const draw = (): void => {
    drawn++;
    if (drawing) requestAnimationFrame(draw);
  };
  let from = 0;
  const start = performance.now();
  const run = backend.train(
    {
      choices: {
        name: 'Speed',
        model: 'salt-tiny',
        words: ['Vein'],
        method: 'salt',
        budget: { kind: 'steps', steps },
        seed: 1,
      },
      annotations,
      preview: frame(5),
    },
    (event) => {
      const now = performance.now();
      if (event.kind === 'preparing') milliseconds[`until ${event.what}`] ??= now - start;
      if (event.kind === 'preview') milliseconds['until preview'] ??= now - start;
      if (event.kind !== 'training') return;
      milliseconds[`until ${event.event.kind}`] ??= now - start;
      if (event.event.kind === 'started') plan = event.event.reason;
      if (event.event.kind === 'planned') {
        from = now;
        draw();
      }
      if (event.event.kind === 'step') at.push(event.event.imagesPerSecond);
    },
  );
  await run.outcome;
  const framesPerSecond = drawn / ((performance.now() - from) / 1000);
  drawing = false;
  milliseconds['whole training'] = performance.now() - start;
  await backend.dispose();
  return { milliseconds, stepMilliseconds: at.map((rate) => 1000 / rate), plan, framesPerSecond };
}
