/** Runs the work of a command in a thread, so that this one stays free to show progress and to be interrupted. */
import { SaltError } from '../protocol/errors.ts';
import { siblingModule, startNodeThread } from '../runtime/thread.node.ts';
import type { EventOf, RequestOf, ResultOf, RunningJob } from '../runtime/thread.ts';
import type { Console } from './console.ts';
import { EXIT } from './exit-codes.ts';

/** How long a job may take to stop by itself after Ctrl-C; the whole answer takes less than a second. */
const GRACE_MS = 300;
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
 * `J` must be the job of that name. The first Ctrl-C asks the job to stop, the second ends the program at once. So does
 * `stopJobs`, but for the second.
 * @throws what the job throws; SaltError `CANCELLED` when it was asked to stop and did not answer in time, after which
 *   the program should end through `leave`
 */
export async function runJob<J>({ name, request, console, onEvent }: JobRun<J>): Promise<ResultOf<J>> {
  const entry = siblingModule(`jobs/${THREADS[name]}`, import.meta.url);
  const job = startNodeThread<J>(entry, request, { onEvent });
  let interrupted: ((error: SaltError) => void) | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    interrupted = reject;
  });
  let timer: NodeJS.Timeout | undefined;
  let failure: SaltError | undefined;
  const stop = (line: string): void => {
    timer = setTimeout(() => interrupted?.(new SaltError('CANCELLED', 'Cancelled.')), GRACE_MS);
    job.cancel();
    console.tell(line);
  };
  const onInterrupt = (): void => {
    if (timer) return leave(EXIT.cancelled);
    stop('Stopping ... (Ctrl-C again to stop at once)');
  };
  const onUnheard = (why: SaltError | undefined): void => {
    if (timer || failure) return;
    failure = why;
    // Only of a cancellation can the program die while a thread computes.
    if (why) job.cancel();
    else stop('Nobody reads this any more. Stopping ...');
  };
  begun = true;
  running.set(job, onUnheard);
  const settled = (): boolean => running.delete(job);
  job.result.then(settled, settled);
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    const result = await Promise.race([job.result, tooLate]);
    if (failure) throw failure;
    return result;
  } catch (error) {
    throw failure ?? error;
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

/** Jobs that have not settled, each with what stops it. */
const running = new Map<RunningJob<unknown>, (why: SaltError | undefined) => void>();
let begun = false;

/** Whether there has been a job, so that its command has something to keep. */
export function hasBegunJob(): boolean {
  return begun;
}

/**
 * Stops jobs as Ctrl-C does; with `why`, they end in that failure in place of `CANCELLED`.
 * @returns whether there was one
 */
export function stopJobs(why?: SaltError): boolean {
  for (const stop of running.values()) stop(why);
  return running.size > 0;
}

/** Ends the program, though a thread may still compute. */
export function leave(code: number): never {
  // process.exit waits for threads, and one inside ONNX Runtime can take many seconds; ended from here, it would throw
  // where nobody can catch. Dying of the signal, as a program does that never heard of it, takes no time, and a shell
  // reports it as 130, too.
  if (running.size > 0 && code === EXIT.cancelled && process.platform !== 'win32') {
    process.removeAllListeners('SIGINT');
    process.kill(process.pid, 'SIGINT');
  }
  process.exit(code);
}
