import { SaltError } from '../protocol/errors.ts';
import type { SvdWorker } from '../linalg/svd-all.ts';
import { asSaltError, detachableTask, readSvdAnswer } from '../linalg/svd-message.ts';
import type { SvdAnswer, SvdTask } from '../linalg/svd-message.ts';
import type { Svd } from '../linalg/svd.ts';

/** A thread as an SvdWorker, and what the thread's owner has to pass on. */
export interface SvdClient {
  readonly worker: SvdWorker;
  receive(answer: SvdAnswer): void;
  /** The thread is gone or never began: the task in progress and all later ones fail. */
  fail(error: unknown): void;
}

/** One task at a time over messages; the matrix goes along in a buffer of its own, which is given away. */
export function svdClient(
  post: (task: SvdTask, transfer: ArrayBuffer[]) => void,
  terminate: () => Promise<void>,
): SvdClient {
  let waiting: { resolve: (svd: Svd) => void; reject: (error: SaltError) => void } | undefined;
  let ended: SaltError | undefined;
  const fail = (error: unknown): void => {
    ended ??= asSaltError(error);
    waiting?.reject(ended);
  };
  return {
    worker: {
      factor: (task) =>
        new Promise((resolve, reject) => {
          if (ended) throw ended;
          waiting = { resolve, reject };
          const { task: alone, transfer } = detachableTask(task);
          post(alone, transfer);
        }),
      terminate: async () => {
        fail(new SaltError('CANCELLED', 'The SVD worker was ended'));
        await terminate();
      },
    },
    receive: (answer) => {
      try {
        waiting?.resolve(readSvdAnswer(answer));
      } catch (error) {
        waiting?.reject(asSaltError(error));
      }
    },
    fail,
  };
}
