/** Runs the work of a command in a thread, so that this one stays free to show progress and to be interrupted. */
import { SaltError } from '../protocol/errors.ts';
import { siblingModule, startNodeThread } from '../runtime/thread.node.ts';
import type { EventOf, RequestOf, ResultOf, RunningJob } from '../runtime/thread.ts';
import type { Console } from './console.ts';
import { EXIT } from './exit-codes.ts';

/** How long a job may take to stop by itself after Ctrl-C; the whole answer takes less than a second. */
const GRACE_MS = 500;
/** How long a thread may take to end; one that computes outside JavaScript cannot be ended from here. */
const END_MS = 100;

const THREADS = {
  train: 'train-thread',
  segment: 'segment-thread',
  evaluate: 'evaluate-thread',
  verify: 'verify-thread',
} as const;

export interface JobRun<J> {
  readonly name: keyof typeof THREADS;
  readonly request: RequestOf<J>;
  readonly console: Console;
  readonly onEvent: (event: EventOf<J>) => void;
}

/**
 * `J` must be the job of that name. The first Ctrl-C asks the job to stop, the second ends the program at once.
 * @throws what the job throws; SaltError `CANCELLED` when it was asked to stop and did not answer in time, after which
 *   the program should end through `leave`
 */
export async function runJob<J>({ name, request, console, onEvent }: JobRun<J>): Promise<ResultOf<J>> {
  const entry = siblingModule(`jobs/${THREADS[name]}`, import.meta.url);
  const job = startNodeThread<J>(entry, request, { onEvent });
  running.add(job);
  let interrupted: ((error: SaltError) => void) | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    interrupted = reject;
  });
  let timer: NodeJS.Timeout | undefined;
  const onInterrupt = (): void => {
    if (timer) return endNow(EXIT.cancelled);
    console.tell('Stopping ... (Ctrl-C again to stop at once)');
    job.cancel();
    timer = setTimeout(() => interrupted?.(new SaltError('CANCELLED', 'Cancelled.')), GRACE_MS);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    const result = await Promise.race([job.result, tooLate]);
    running.delete(job);
    return result;
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
    // Whatever the job still throws has been told or is of no interest.
    job.result.catch(() => running.delete(job));
  }
}

const running = new Set<RunningJob<unknown>>();

/** Ends the program, though a thread may still compute. */
export async function leave(code: number): Promise<never> {
  const ended = Promise.all([...running].map((job) => job.terminate())).then(() => running.clear());
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, END_MS))]);
  return endNow(code);
}

function endNow(code: number): never {
  // process.exit waits for threads, and one inside ONNX Runtime can take many seconds. Dying of the signal, as a
  // program does that never heard of it, takes none; a shell reports that as 130, too.
  if (running.size > 0 && code === EXIT.cancelled && process.platform !== 'win32') {
    process.removeAllListeners('SIGINT');
    process.kill(process.pid, 'SIGINT');
  }
  process.exit(code);
}
