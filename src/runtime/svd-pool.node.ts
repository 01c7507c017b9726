import { Worker } from 'node:worker_threads';
import type { SvdPool, SvdWorker } from '../linalg/svd-all.ts';
import type { SvdAnswer } from '../linalg/svd-message.ts';
import { svdClient } from './svd-client.ts';
import { workerOptions } from './worker-options.node.ts';

const name = import.meta.url.endsWith('.ts') ? './svd-worker.node.ts' : './svd-worker.node.js';
const entry = new URL(name, import.meta.url);

/** SVDs in threads of Node, from the compiled code and, under a loader for TypeScript, from the source. */
export const nodeSvdPool: SvdPool = { start };

function start(): SvdWorker {
  const thread = new Worker(entry, workerOptions(entry));
  const client = svdClient(
    (task, transfer) => thread.postMessage(task, transfer),
    async () => {
      await thread.terminate();
    },
  );
  thread.on('message', (answer: SvdAnswer) => client.receive(answer));
  thread.on('error', (error) => client.fail(error));
  thread.on('exit', (code) => client.fail(new Error(`it ended with exit code ${code}`)));
  return client.worker;
}
