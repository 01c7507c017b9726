import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertTraining } from '../runtime/expected.ts';
import { runInPage, skipWithoutChromium } from './harness.ts';
import type { Result } from './pages/thread.ts';

test(
  'a job trains in a Web Worker, fails, is cancelled and is terminated',
  { skip: skipWithoutChromium },
  async () => {
    const result = await runInPage<Result>('thread', undefined);
    assert.deepEqual(result.events, ['started', 'opened']);
    assertTraining(result.training);
    assert.equal(result.failed, 'NOT_FINITE: NaN in step 3');
    assert.equal(result.cancelled, 'CANCELLED: Cancelled.');
    assert.equal(result.terminated, 'CANCELLED: Ended before it was done.');
  },
);
