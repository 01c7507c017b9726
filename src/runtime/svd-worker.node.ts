/** A thread that factors the matrices it is sent, one message for each. Started by svd-pool.node.ts. */
import { parentPort } from 'node:worker_threads';
import { answerSvdTask } from '../linalg/svd-message.ts';
import type { SvdTask } from '../linalg/svd-message.ts';

const port = parentPort;
port?.on('message', (task: SvdTask) => {
  const { answer, transfer } = answerSvdTask(task);
  port.postMessage(answer, transfer);
});
