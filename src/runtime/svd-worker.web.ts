/** A Web Worker that factors the matrices it is sent, one message for each. Started by svd-pool.web.ts. */
import { answerSvdTask } from '../linalg/svd-message.ts';
import type { SvdTask } from '../linalg/svd-message.ts';

self.addEventListener('message', ({ data }: MessageEvent<SvdTask>) => {
  const { answer, transfer } = answerSvdTask(data);
  self.postMessage(answer, { transfer });
});
