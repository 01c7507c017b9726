import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { siblingModule, startNodeThread } from '../../src/runtime/thread.node.ts';
import type { Request, TestJob } from './thread-entry.node.ts';

const entry = siblingModule('thread-entry.node', import.meta.url);
const start = (request: Request, onEvent?: (event: number) => void) =>
  startNodeThread<TestJob>(entry, request, onEvent ? { onEvent } : {});

/** Starts a job and resolves when it has emitted its first event. */
async function started(request: Request) {
  let job: ReturnType<typeof start> | undefined;
  await new Promise<void>((resolve) => {
    job = start(request, () => resolve());
  });
  assert.ok(job);
  return job;
}

describe('a job in a worker thread', () => {
  test('tells its events in order, then its result', async () => {
    const events: number[] = [];
    assert.equal(await start({ kind: 'count', to: 4 }, (event) => events.push(event)).result, 'counted');
    assert.deepEqual(events, [1, 2, 3, 4]);
  });

  test('fails with its own code, message and details', async () => {
    await assert.rejects(start({ kind: 'fail' }).result, {
      name: 'SaltError',
      code: 'NOT_FINITE',
      message: 'NaN in step 3',
      details: { step: 3 },
    });
  });

  test('can be cancelled', async () => {
    const job = await started({ kind: 'wait' });
    job.cancel();
    await assert.rejects(job.result, { name: 'SaltError', code: 'CANCELLED' });
    job.cancel(); // too late, and harmless
  });

  test('can be terminated while it computes, without blocking this thread', async () => {
    const job = await started({ kind: 'block' });
    const rejected = assert.rejects(job.result, { code: 'CANCELLED' });
    await job.terminate();
    await rejected;
    await job.terminate();
  });

  test('fails when its thread breaks', async () => {
    await assert.rejects(start({ kind: 'throw' }).result, /nobody catches this/);
    await assert.rejects(start({ kind: 'exit' }).result, /ended without a result \(exit code 7\)/);
  });

  test('fails when its module does not exist', async () => {
    const missing = startNodeThread<TestJob>(siblingModule('missing', import.meta.url), { kind: 'wait' });
    await assert.rejects(missing.result, /missing/);
  });
});
