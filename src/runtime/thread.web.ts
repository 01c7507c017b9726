import { serveJob, startJob } from './thread.ts';
import type {
  EventOf,
  FromThread,
  Job,
  JobOptions,
  RequestOf,
  ResultOf,
  RunningJob,
  ToThread,
} from './thread.ts';

/**
 * Starts a job in a Web Worker, made by the caller because bundlers want to see
 * `new Worker(new URL('./entry.js', import.meta.url), { type: 'module' })` written out. Its module gives
 * the Job `J` to `serveWebThread`. The worker is terminated once the job has settled.
 */
export function startWebThread<J>(
  worker: Worker,
  request: RequestOf<J>,
  options: JobOptions<EventOf<J>> = {},
): RunningJob<ResultOf<J>> {
  const client = startJob<EventOf<J>, ResultOf<J>>(
    { post: (message, transfer) => worker.postMessage(message, [...transfer]) },
    () => {
      worker.terminate();
      return Promise.resolve();
    },
    request,
    options,
  );
  worker.addEventListener('message', ({ data }: MessageEvent<FromThread>) => client.receive(data));
  worker.addEventListener('error', ({ message }) =>
    client.fail(new Error(message || 'The worker could not be loaded.')),
  );
  return client.running;
}

/** Makes this Web Worker do `job` when it is told to. */
export function serveWebThread<Request, Event, Result>(job: Job<Request, Event, Result>): void {
  const handle = serveJob(
    { post: (message, transfer) => self.postMessage(message, { transfer: [...transfer] }) },
    job,
  );
  self.addEventListener('message', ({ data }: MessageEvent<ToThread>) => handle(data));
}
