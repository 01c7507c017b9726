import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameRef } from '../../extension/src/host/viewer.ts';
import { readConfig } from '../../extension/src/store/config.ts';
import { defaultSettings } from '../../extension/src/store/settings.ts';
import { createSessionStore } from '../../extension/src/store/state.ts';
import { createSeeFrame } from '../../extension/src/workflow/common/seen-frames.ts';
import type { FramePixels } from '../../src/protocol/frames.ts';
import { StillBackgrounds } from '../../src/worker/still-backgrounds.ts';
import { RUN_SIDE, drawnRun, isInDisc, stripes } from '../imaging/drawn-run.ts';
import { createFakeViewer, makeSeries } from './fake-viewer.ts';
import { quietly } from './open-session.ts';

const FRAMES = drawnRun(12);

/** @param fail a frame, one-based, that cannot be read */
function opened({ count = 12, modality = 'XA', fail = 0 } = {}) {
  const series = { ...makeSeries('A', count), modality };
  const read: number[] = [];
  const viewer = {
    ...createFakeViewer([series]),
    framePixels({ frameNumber }: FrameRef): Promise<FramePixels> {
      read.push(frameNumber);
      const drawn = FRAMES[frameNumber - 1];
      if (frameNumber === fail || !drawn) return Promise.reject(new Error('decoder said no'));
      return Promise.resolve({ width: RUN_SIDE, height: RUN_SIDE, channels: 1, values: drawn.data });
    },
  };
  const store = createSessionStore(defaultSettings(readConfig(undefined)));
  let worker = new StillBackgrounds();
  const backend = {
    openRun: (run: string, frames: readonly FramePixels[]) => worker.open(run, frames),
    stillBackground: (run: string, frame: FramePixels) => Promise.resolve(worker.under(run, frame)),
  };
  const see = createSeeFrame({ viewer, backend, store });
  const change = (subtract: boolean): void =>
    store.setState({ settings: { ...store.getState().settings, subtract } });
  const restart = (): void => void (worker = new StillBackgrounds());
  return { see: (index: number) => see(series.frames[index]!), read, change, restart };
}

test('frames of a run come with what stands still in it, which is worked out once', async () => {
  const { see, read, restart } = opened();
  const { values, background } = await see(4);
  assert.deepEqual(values, FRAMES[4]!.data, 'the frame itself stays as it is');
  assert.ok(background);
  const differences: number[] = [];
  for (let y = 0; y < RUN_SIDE; y++) {
    for (let x = 0; x < RUN_SIDE; x++) {
      if (isInDisc(4, x, y)) differences.push(Math.abs(background[y * RUN_SIDE + x]! - stripes(x, y)));
    }
  }
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  assert.ok(mean < 8, `what lies under the disc is found to within ${mean} levels`);
  const before = read.length;
  await see(5);
  assert.deepEqual(read.slice(before), [6]);
  restart();
  assert.ok((await see(5)).background, 'a back end that was started anew is told again');
});

test('frames come as they are where that is wanted, or where they are of no run', async () => {
  const switched = opened();
  switched.change(false);
  assert.equal((await switched.see(0)).background, undefined);
  assert.deepEqual(switched.read, [1]);
  switched.change(true);
  assert.ok((await switched.see(0)).background);
  assert.equal((await opened({ modality: 'OPT' }).see(0)).background, undefined);
  assert.equal((await opened({ count: 7 }).see(0)).background, undefined);
});

test('a frame that cannot be read keeps the others from nothing but the background', async () => {
  await quietly(async () => {
    const { see } = opened({ fail: 3 });
    assert.equal((await see(0)).background, undefined);
    await assert.rejects(see(2), /decoder said no/);
  });
});
