import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ToTrainer, WorkerSettings } from '../../src/worker/messages.ts';
import { startRun } from '../../src/worker/run-client.ts';

const settings: WorkerSettings = { assets: '/', models: [], device: 'wasm', threads: 1 };

before(() => Object.defineProperty(globalThis, 'window', { value: new EventTarget(), configurable: true }));
after(() => Reflect.deleteProperty(globalThis, 'window'));

/** A worker that does nothing but remember. */
class StillWorker extends EventTarget {
  readonly received: ToTrainer[] = [];
  postMessage(message: ToTrainer): void {
    this.received.push(message);
  }
  terminate(): void {}
}

test('a run that is asked to end with its result is not paused after that', async () => {
  const worker = new StillWorker();
  const client = startRun(
    () => worker as unknown as Worker,
    { id: 'a' },
    settings,
    () => undefined,
    { forget: () => Promise.resolve(), onEnd: () => undefined },
  );
  client.run.finish();
  client.run.pause();
  const wishes = worker.received.filter(({ kind }) => kind === 'wish');
  assert.deepEqual(wishes, [{ kind: 'wish', wish: 'finish' }]);
  client.end();
  await assert.rejects(client.run.outcome, { code: 'CANCELLED' });
});
