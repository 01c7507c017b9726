/** The page's end of a training run's worker. */
import type { TrainOutcome, TrainRun, TrainRunEvent } from '../protocol/backend.ts';
import { SaltError } from '../protocol/errors.ts';
import { unpackError } from '../runtime/thread.ts';
import { brokenWorker } from './engine-client.ts';
import type { FirstMessage, FromTrainer, RunStart, ToTrainer, WorkerSettings } from './messages.ts';

export interface RunClient {
  readonly run: TrainRun;
  /** Ends the worker at once; the run can be resumed from its last checkpoint. */
  end(): void;
}

/**
 * @param forget removes what the run has stored, once its worker has ended
 * @param onEnd called once it has ended, however
 */
export function startRun(
  worker: Worker,
  start: RunStart,
  settings: WorkerSettings,
  onEvent: (event: TrainRunEvent) => void,
  { forget, onEnd }: { readonly forget: () => Promise<void>; readonly onEnd: () => void },
): RunClient {
  let settle: { resolve: (outcome: TrainOutcome) => void; reject: (error: Error) => void } | undefined;
  const outcome = new Promise<TrainOutcome>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever started the run hears of its failure; a page that is closing need not.
  outcome.catch(() => undefined);
  /** The first to come decides. */
  const end = (): typeof settle => {
    const settled = settle;
    settle = undefined;
    if (settled) {
      worker.terminate();
      onEnd();
    }
    return settled;
  };
  worker.addEventListener('message', ({ data }: MessageEvent<FromTrainer>) => {
    if (!settle) return;
    if (data.kind === 'event') onEvent(data.event);
    else if (data.kind === 'outcome') end()?.resolve(data.outcome);
    else end()?.reject(unpackError(data.error));
  });
  worker.addEventListener('error', (event) => end()?.reject(resumable(brokenWorker(event))));
  worker.postMessage({ kind: 'train', settings, run: start } satisfies FirstMessage);
  const wish = (what: ToTrainer['wish']): void => {
    if (settle) worker.postMessage({ kind: 'wish', wish: what } satisfies ToTrainer);
  };
  return {
    run: {
      id: start.id,
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

function resumable({ code, message }: SaltError): SaltError {
  return new SaltError(code, `${message} A training that had begun can be resumed from its last checkpoint.`);
}
