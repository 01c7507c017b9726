import assert from 'node:assert/strict';
import { beforeEach, describe, it, mock } from 'node:test';
import { GiveWay } from '../../src/worker/give-way.ts';

/** Milliseconds that a wait takes. @param isInput whether the page tells of somebody at work, at so many ms after its start */
async function waited(stepSeconds: number, isInput: (ms: number) => boolean): Promise<number> {
  const giveWay = new GiveWay();
  const start = Date.now();
  if (isInput(-1)) giveWay.noticed(start);
  let end = NaN;
  const waiting = giveWay.wait(stepSeconds).then(() => {
    end = Date.now();
  });
  for (let ms = 0; ms < 10_000; ms += 50) {
    if (isInput(ms)) giveWay.noticed(Date.now());
    mock.timers.tick(50);
    await new Promise((resolve) => setImmediate(resolve));
    if (!Number.isNaN(end)) break;
  }
  await waiting;
  return end - start;
}

describe('GiveWay', () => {
  beforeEach(() => {
    mock.timers.reset();
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  });

  it('does not wait for nobody', async () => {
    const giveWay = new GiveWay();
    await giveWay.wait(10);
    giveWay.noticed(Date.now() - 5000);
    await giveWay.wait(10);
    assert.equal(Date.now(), 1_000_000);
  });

  it('waits until the page is quiet', async () => {
    assert.equal(await waited(10, (ms) => ms < 0), 1000);
    assert.equal(await waited(10, (ms) => ms < 1000), 1950);
  });

  it('waits no longer than two steps', async () => {
    assert.equal(await waited(0.5, () => true), 1000);
  });
});
