import { once } from 'node:events';
import { SaltError } from '../../src/protocol/errors.ts';
import type { Job } from '../../src/runtime/thread.ts';
import { serveNodeThread } from '../../src/runtime/thread.node.ts';

export type Request =
  | { readonly kind: 'count'; readonly to: number }
  | { readonly kind: 'wait' | 'fail' | 'throw' | 'exit' | 'block' };

export type TestJob = Job<Request, number, string>;

const job: TestJob = async (request, { signal, emit }) => {
  switch (request.kind) {
    case 'count':
      for (let i = 1; i <= request.to; i++) emit(i);
      return 'counted';
    case 'wait':
      emit(0);
      await once(signal, 'abort');
      signal.throwIfAborted();
      return 'never';
    case 'fail':
      throw new SaltError('NOT_FINITE', 'NaN in step 3', { step: 3 });
    case 'throw':
      setTimeout(() => {
        throw new TypeError('nobody catches this');
      });
      return new Promise(() => undefined);
    case 'exit':
      process.exit(7);
      break;
    case 'block':
      emit(0);
      while (true);
  }
};

serveNodeThread(job);
