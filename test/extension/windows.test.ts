/** Two windows over one storage: what one of them changes, the other shows at once. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import { openOtherWindows } from '../../extension/src/store/windows.ts';
import { openSession, segmentationOf } from './open-session.ts';
import type { Opened } from './open-session.ts';

async function openTwo(): Promise<{
  readonly here: Opened;
  readonly there: Opened;
  readonly channel: string;
}> {
  const storage = memoryStorage();
  const channel = randomUUID();
  const here = await openSession({ storage, windows: openOtherWindows(channel) });
  const there = await openSession({ storage, windows: openOtherWindows(channel) });
  return { here, there, channel };
}

async function collect({ session, viewer, series, until, state }: Opened, frame: number): Promise<void> {
  viewer.open(series[0], frame);
  await until(({ place }) => place?.frameIndex === frame);
  const before = state().frames.length;
  await session.frames.collectEmpty();
  assert.equal(state().frames.length, before + 1);
}

test('frames that are collected, changed and removed', async () => {
  const { here, there } = await openTwo();
  await collect(here, 0);
  await collect(here, 1);
  await there.until(({ frames }) => frames.length === 2);
  const [first, second] = there.state().frames;
  assert(first && second);
  await here.session.frames.setRole(first.id, 'heldOut');
  await there.until(({ frames }) => frames[0]?.chosenRole === 'heldOut');
  assert.equal(there.state().frames[1], second, 'a frame that nobody changed stays the same object');
  await here.session.frames.remove(first.id);
  await there.until(({ frames }) => frames.length === 1);
  await here.session.undo();
  await there.until(({ frames }) => frames.length === 2);
  assert.deepEqual(there.state().frames, here.state().frames);
});

test('words that are added and removed, and with a word what the brush painted it with', async () => {
  const { here, there } = await openTwo();
  await here.session.words.add('Catheter');
  await there.until(({ settings }) => settings.words.includes('Catheter'));
  assert.equal(there.state().settings.activeWord, 'Vein', 'each window paints what it painted');
  await there.session.words.choose('Catheter');
  await there.session.frames.brush('brush');
  assert.equal(there.viewer.brush?.segmentIndex, 2);
  await here.session.words.remove('Catheter');
  await there.until(({ settings }) => settings.activeWord === 'Vein' && settings.words.length === 1);
  await there.until(() => there.viewer.activeSegment(segmentationOf(there, 'A').id) === 1);
});

test('an adapter that was renamed', async () => {
  const { here, there } = await openTwo();
  const file = new File([new Uint8Array(8)], 'coronary.safetensors');
  await here.session.adapters.importFile(file);
  const [adapter] = here.state().adapters;
  assert(adapter);
  // Each window has a back end of its own, which reads the store of the browser.
  await there.backend.importAdapter(file, adapter.name);
  await here.session.adapters.rename(adapter.id, 'renamed');
  await there.until(({ adapters }) => adapters.length === 1);
});

test('taking back an import finds its frames though another window has collected since', async () => {
  const { here, there } = await openTwo();
  await collect(there, 0);
  await here.until(({ frames }) => frames.length === 1);
  const zip = await there.session.frames.exportZip();
  assert(zip);
  const [known] = there.state().frames;
  assert(known);
  await there.session.frames.remove(known.id);
  await here.until(({ frames }) => frames.length === 0);
  await here.session.frames.importZip(zip);
  await there.until(({ frames }) => frames.length === 1);
  await collect(there, 1);
  await here.until(({ frames }) => frames.length === 2);
  await here.session.undo();
  assert.deepEqual(
    here.state().frames.map(({ position }) => position),
    [2],
  );
  await there.until(({ frames }) => frames.length === 1);
});

test('everything that is erased is gone there, too', async () => {
  const { here, there } = await openTwo();
  await collect(here, 0);
  await there.until(({ frames }) => frames.length === 1);
  await here.session.adapters.eraseAll();
  await there.until(({ frames }) => frames.length === 0);
});

test('what a window of another version tells is let be', async () => {
  const { here, channel } = await openTwo();
  await collect(here, 0);
  const before = here.state();
  const stranger = new BroadcastChannel(channel);
  for (const message of [null, 'frames', { what: 'colours' }, { what: 'frames', ids: 5 }]) {
    stranger.postMessage(message);
  }
  stranger.close();
  await wait(50);
  assert.deepEqual(here.state(), before);
});
