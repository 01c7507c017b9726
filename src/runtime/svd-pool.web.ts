import type { SvdPool, SvdWorker } from '../linalg/svd-all.ts';
import type { SvdAnswer } from '../linalg/svd-message.ts';
import { svdClient } from './svd-client.ts';

/** SVDs in Web Workers, from a page or from within a worker. */
export const webSvdPool: SvdPool = { start };

function start(): SvdWorker {
  // Written out like this so that bundlers find the worker's module.
  const worker = new Worker(new URL('./svd-worker.web.js', import.meta.url), { type: 'module' });
  const client = svdClient(
    (task, transfer) => worker.postMessage(task, transfer),
    () => {
      worker.terminate();
      return Promise.resolve();
    },
  );
  worker.addEventListener('message', ({ data }: MessageEvent<SvdAnswer>) => client.receive(data));
  worker.addEventListener('error', ({ message }) =>
    client.fail(new Error(message || 'it could not be loaded')),
  );
  return client.worker;
}
