import { SaltError } from '../../../src/protocol/errors.ts';
import { serveWebThread } from '../../../src/runtime/thread.web.ts';
import type { Job } from '../../../src/runtime/thread.ts';
import { openWebDevice } from '../../../src/runtime/web.ts';
import { train } from '../../runtime/scenario.ts';

export type TrainJob = Job<
  { readonly kind: 'train' | 'fail' | 'wait'; readonly assets: string },
  string,
  Awaited<ReturnType<typeof train>>
>;

const job: TrainJob = async ({ kind, assets }, { signal, emit }) => {
  emit('started');
  if (kind === 'fail') throw new SaltError('NOT_FINITE', 'NaN in step 3', { step: 3 });
  if (kind === 'wait') {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
  }
  const { executor } = await openWebDevice('wasm', { assets, threads: 2 });
  emit('opened');
  return train(executor);
};

serveWebThread(job);
