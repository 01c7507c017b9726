import { Worker, parentPort } from 'node:worker_threads';
import type { Transferable as NodeTransferable } from 'node:worker_threads';
import { SaltError } from '../protocol/errors.ts';
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
import { workerOptions } from './worker-options.node.ts';

/**
 * The URL of a module beside the caller's, whether the code runs compiled or, under tsx, from its source.
 * @param name without its extension, e.g. `train-worker.node`
 * @param caller its `import.meta.url`
 */
export function siblingModule(name: string, caller: string): URL {
  return new URL(`./${name}${caller.endsWith('.ts') ? '.ts' : '.js'}`, caller);
}

/**
 * Starts a job in a worker thread. The event loop stays free meanwhile.
 * `J` is the Job that the module `entry` gives to `serveNodeThread`.
 * @throws (from `result`) the job's error; SaltError `OUT_OF_MEMORY` when the thread's heap is full
 */
export function startNodeThread<J>(
  entry: URL,
  request: RequestOf<J>,
  options: JobOptions<EventOf<J>> = {},
): RunningJob<ResultOf<J>> {
  const worker = new Worker(entry, workerOptions(entry));
  const client = startJob<EventOf<J>, ResultOf<J>>(
    { post: (message, transfer) => worker.postMessage(message, transfer as NodeTransferable[]) },
    async () => {
      await worker.terminate();
    },
    request,
    options,
  );
  worker.on('message', (message: FromThread) => client.receive(message));
  worker.on('error', (error: NodeJS.ErrnoException) =>
    client.fail(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new SaltError('OUT_OF_MEMORY', error.message) : error,
    ),
  );
  worker.on('exit', (code) =>
    client.fail(new Error(`The worker thread ended without a result (exit code ${code}).`)),
  );
  return client.running;
}

/** Makes this worker thread do `job` when it is told to. */
export function serveNodeThread<Request, Event, Result>(job: Job<Request, Event, Result>): void {
  const port = parentPort;
  if (!port) throw new Error('serveNodeThread was called outside a worker thread.');
  const handle = serveJob(
    { post: (message, transfer) => port.postMessage(message, transfer as NodeTransferable[]) },
    job,
  );
  port.on('message', (message: ToThread) => handle(message));
}
