/**
 * The module of the browser's Web Workers, of both kinds: the first message says which one this is. See `client.ts` for
 * the page's end.
 */
import { packError } from '../runtime/thread.ts';
import { createEngine } from './engine.ts';
import type {
  FirstMessage,
  FromEngine,
  FromTrainer,
  RunStart,
  ToEngine,
  ToTrainer,
  WorkerSettings,
} from './messages.ts';
import { serveEngine } from './serve.ts';
import { runTraining } from './training.ts';

type Later = ToEngine | ToTrainer;

let handle: ((message: Later) => void) | undefined;

self.addEventListener('message', ({ data }: MessageEvent<FirstMessage | Later>) => {
  if (data.kind === 'serve') handle = engine(data.settings);
  else if (data.kind === 'train') handle = trainer(data.run, data.settings);
  else handle?.(data);
});

function send(message: FromEngine | FromTrainer, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

function engine(settings: WorkerSettings): (message: Later) => void {
  const answer = serveEngine(createEngine(settings), send);
  return (message) => {
    if (message.kind !== 'wish') answer(message);
  };
}

function trainer(run: RunStart, settings: WorkerSettings): (message: Later) => void {
  let wish: ToTrainer['wish'] | undefined;
  runTraining(run, settings, { emit: (event) => send({ kind: 'event', event }), wish: () => wish }).then(
    (outcome) => send({ kind: 'outcome', outcome }),
    (error: unknown) => send({ kind: 'error', error: packError(error) }),
  );
  return (message) => {
    if (message.kind === 'wish') wish = message.wish;
  };
}
