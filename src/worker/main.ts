/**
 * The module of the browser's Web Workers, of both kinds: the first message says which one this is. See `client.ts` for
 * the page's end.
 */
import type { TrainRunEvent } from '../protocol/backend.ts';
import { packError } from '../runtime/thread.ts';
import { createEngine } from './engine.ts';
import { GiveWay } from './give-way.ts';
import type {
  FirstMessage,
  FromEngine,
  FromTrainer,
  RunStart,
  ToEngine,
  ToTrainer,
  Wish,
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
    if (message.kind === 'call' || message.kind === 'cancel') answer(message);
  };
}

function trainer(run: RunStart, settings: WorkerSettings): (message: Later) => void {
  let wish: Wish | undefined;
  const giveWay = new GiveWay();
  const emit = (event: TrainRunEvent): void => send({ kind: 'event', event });
  runTraining(run, settings, { emit, wish: () => wish, giveWay }).then(
    (outcome) => send({ kind: 'outcome', outcome }),
    (error: unknown) => send({ kind: 'error', error: packError(error) }),
  );
  return (message) => {
    if (message.kind === 'wish') wish = message.wish;
    else if (message.kind === 'input') giveWay.noticed(message.at);
  };
}
