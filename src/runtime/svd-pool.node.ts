import { Worker } from 'node:worker_threads';
import { SaltError } from '../protocol/errors.ts';
import type { SvdPool, SvdWorker } from '../linalg/svd-all.ts';
import { asSaltError, detachableTask, readSvdAnswer } from '../linalg/svd-message.ts';
import type { SvdAnswer } from '../linalg/svd-message.ts';
import { workerOptions } from './worker-options.node.ts';

const name = import.meta.url.endsWith('.ts') ? './svd-worker.node.ts' : './svd-worker.node.js';
const entry = new URL(name, import.meta.url);

/** SVDs in threads of Node, from the compiled code and, under a loader for TypeScript, from the source. */
export const nodeSvdPool: SvdPool = { start: startWorker };

function startWorker(): SvdWorker {
  const thread = new Worker(entry, workerOptions(entry));
  let fail: ((error: SaltError) => void) | undefined;
  let ended: SaltError | undefined;
  const end = (error: SaltError): void => {
    ended ??= error;
    fail?.(error);
  };
  thread.on('error', (error) => end(asSaltError(error)));
  thread.on('exit', () => end(new SaltError('CANCELLED', 'The SVD worker was ended')));
  return {
    factor: (task) =>
      new Promise((resolve, reject) => {
        if (ended) throw ended;
        fail = reject;
        thread.once('message', (answer: SvdAnswer) => {
          try {
            resolve(readSvdAnswer(answer));
          } catch (error) {
            reject(asSaltError(error));
          }
        });
        const { task: message, transfer } = detachableTask(task);
        thread.postMessage(message, transfer);
      }),
    terminate: async () => {
      await thread.terminate();
    },
  };
}
