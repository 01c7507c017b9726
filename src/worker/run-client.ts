/** The page's end of a training run's worker. */
import type { TrainOutcome, TrainRun, TrainRunEvent } from '../protocol/backend.ts';
import { SaltError } from '../protocol/errors.ts';
import { unpackError } from '../runtime/thread.ts';
import { brokenWorker } from './engine-client.ts';
import type { FirstMessage, FromTrainer, RunStart, ToTrainer, Wish, WorkerSettings } from './messages.ts';
import { watchInput } from './watch-input.ts';

export interface RunClient {
  readonly run: TrainRun;
  /** Ends the worker at once; the run can be resumed from its last checkpoint. */
  end(): void;
}

interface Ending {
  /** Removes what the run has stored, once its worker has ended. */
  readonly forget: () => Promise<void>;
  /** Called once it has ended, however. */
  readonly onEnd: () => void;
}

/**
 * A run whose graphics device is lost goes on by itself, from its last checkpoint, in a worker of its own: a worker that
 * has lost its device gets no other. The next time that it is lost, on the processor, which nothing takes away.
 *
 * @param start makes a worker
 */
export function startRun(
  start: () => Worker,
  { id, ...first }: RunStart,
  settings: WorkerSettings,
  onEvent: (event: TrainRunEvent) => void,
  { forget, onEnd }: Ending,
): RunClient {
  let settle: { resolve: (outcome: TrainOutcome) => void; reject: (error: Error) => void } | undefined;
  const outcome = new Promise<TrainOutcome>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever started the run hears of its failure; a page that is closing need not.
  outcome.catch(() => undefined);

  let worker: Worker;
  let wished: Wish | undefined;
  let saved = 0;
  let losses = 0;
  /** Whether a step has been done since the worker was made: without one, nothing says that the next would get further. */
  let hasStepped = false;

  /** The first to come decides. */
  const end = (): typeof settle => {
    const settled = settle;
    settle = undefined;
    if (settled) {
      stopWatching();
      worker.terminate();
      onEnd();
    }
    return settled;
  };
  const tell = (event: TrainRunEvent): void => {
    if (event.kind === 'training') {
      const { event: training } = event;
      if (training.kind === 'started') saved = training.resumedAt;
      if (training.kind === 'checkpoint') saved = training.step;
      if (training.kind === 'step') hasStepped = true;
    }
    onEvent(event);
  };
  const fail = (error: Error): void => {
    const isLost = error instanceof SaltError && error.code === 'DEVICE_LOST';
    if (!isLost || !hasStepped || settings.device === 'wasm' || losses >= MOST_LOSSES) {
      end()?.reject(error);
      return;
    }
    losses++;
    worker.terminate();
    const isLast = losses >= MOST_LOSSES;
    onEvent({
      kind: 'note',
      note: { kind: 'device lost', step: saved, onProcessor: isLast },
    });
    launch({ id }, isLast ? { ...settings, device: 'wasm' } : settings);
  };
  const launch = (run: RunStart, chosen: WorkerSettings): void => {
    const made = start();
    worker = made;
    hasStepped = false;
    const isCurrent = (): boolean => settle !== undefined && worker === made;
    made.addEventListener('message', ({ data }: MessageEvent<FromTrainer>) => {
      if (!isCurrent()) return;
      if (data.kind === 'event') tell(data.event);
      else if (data.kind === 'outcome') end()?.resolve(data.outcome);
      else fail(unpackError(data.error));
    });
    made.addEventListener('error', (event) => {
      if (isCurrent()) end()?.reject(resumable(brokenWorker(event)));
    });
    made.postMessage({ kind: 'train', settings: chosen, run } satisfies FirstMessage);
    if (wished) made.postMessage({ kind: 'wish', wish: wished } satisfies ToTrainer);
  };
  launch({ id, ...first }, settings);
  const stopWatching = watchInput(() =>
    worker.postMessage({ kind: 'input', at: Date.now() } satisfies ToTrainer),
  );

  /** The first stands: a run that is ending already, with its result, is not paused. */
  const wish = (what: Wish): void => {
    if (wished) return;
    wished = what;
    if (settle) worker.postMessage({ kind: 'wish', wish: what } satisfies ToTrainer);
  };
  return {
    run: {
      id,
      outcome,
      finish: () => wish('finish'),
      pause: () => wish('pause'),
      discard: () => {
        const settled = end();
        if (settled) forget().then(() => settled.resolve({ kind: 'discarded' }), settled.reject);
      },
    },
    end: () => end()?.reject(new SaltError('CANCELLED', 'The training was ended: it can be resumed.')),
  };
}

/** A device that is lost once may have been reset by its driver; one that is lost again is not to be relied on. */
const MOST_LOSSES = 2;

function resumable({ code, message }: SaltError): SaltError {
  return new SaltError(code, `${message} A training that had begun can be resumed from its last checkpoint.`);
}
