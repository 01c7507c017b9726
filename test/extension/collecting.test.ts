/** Which frames come into the set, and which stay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import { countPixels } from '../../extension/src/workflow/masks/masks.ts';
import { openSession, quietly, segmentationOf } from './open-session.ts';

test('frames painted with words that were taken off the list are not learnt as showing nothing', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  await session.words.add('Catheter');
  await session.frames.brush('brush');
  const { id } = segmentationOf(opened, 'A');
  viewer.paint(id, 1, series[0].frames[0]!, [1, 2]);
  viewer.paint(id, 2, series[0].frames[1]!, [3, 4]);
  viewer.paint(id, 2, series[0].frames[2]!, [3, 4]);
  await until(({ place }) => place?.uncollected === 3);
  viewer.open(series[0], 2);
  await session.frames.collect();
  await session.words.remove('Catheter');
  await until(({ place }) => place?.uncollected === 1);
  assert.equal(await session.frames.collectPainted(), 1);
  assert.deepEqual(
    state().frames.map(({ ref }) => ref.frameNumber),
    [3, 1],
  );
});

test('a frame that is to be collected while another is, waits for it, and is the one that was on screen', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await session.frames.brush('brush');
  const { id } = segmentationOf(opened, 'A');
  viewer.paint(id, 1, series[0].frames[0]!, [1, 2]);
  viewer.paint(id, 1, series[0].frames[1]!, [3, 4]);
  const first = session.frames.collect();
  viewer.open(series[0], 1);
  const second = session.frames.collect();
  viewer.open(series[0], 4);
  const third = session.frames.collectEmpty();
  viewer.open(series[0], 5);
  await Promise.all([first, second, third]);
  assert.deepEqual(
    state()
      .frames.map(({ ref, masks }) => [ref.frameNumber, countPixels(masks[0]?.mask)])
      .sort(),
    [
      [1, 2],
      [2, 2],
      [5, 0],
    ],
  );
  assert.deepEqual(state().problems, []);
});

test('a frame has the role of its own series, whichever is on screen when its turn comes', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  await session.segmenting.segment('series');
  viewer.open(series[1], 0);
  await session.frames.brush('brush');
  const { id } = segmentationOf(opened, 'B');
  for (const index of [0, 1]) viewer.paint(id, 1, series[1].frames[index]!, [0, 1]);
  const framePixels = viewer.framePixels.bind(viewer);
  viewer.framePixels = async (ref) => {
    await wait(100);
    return framePixels(ref);
  };
  const first = session.frames.collect();
  viewer.open(series[1], 1);
  const second = session.frames.collect();
  viewer.open(series[0], 0);
  await until(({ place }) => place?.uncertainty !== undefined);
  await Promise.all([first, second]);
  assert.deepEqual(
    state().frames.map(({ chosenRole }) => chosenRole),
    [undefined, undefined],
  );
});

test('where no image was on screen, none that is shown later is collected', async () => {
  const { session, viewer, series, state } = await openSession();
  const first = session.frames.collectEmpty();
  viewer.close(series[0]);
  const second = quietly(() => session.frames.collectEmpty());
  viewer.open(series[1], 3);
  await Promise.all([first, second]);
  assert.deepEqual(
    state().frames.map(({ seriesDescription }) => seriesDescription),
    [series[0].description],
  );
  assert.match(state().problems[0]?.message ?? '', /Open a series/);
});

test('taking the removal of a frame back leaves what was collected of it since', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await session.frames.brush('brush');
  const segmentation = segmentationOf(opened, 'A');
  const frame = series[0].frames[0]!;
  viewer.paint(segmentation.id, 1, frame, [1, 2]);
  await session.frames.collect();
  await session.frames.remove(state().frames[0]!.id);
  const { undo } = state();
  viewer.paint(segmentation.id, 1, frame, [3, 4, 5]);
  await session.frames.collect();
  assert.equal(state().undo, undo, 'it can be taken back still');
  await session.undo();
  assert.equal(state().frames.length, 1);
  assert.equal(countPixels(state().frames[0]?.masks[0]?.mask), 5);
});

test('another window’s changes of a frame and of the settings outlive those of this one', async () => {
  const storage = memoryStorage();
  const first = await openSession({ storage });
  await first.session.frames.brush('brush');
  const segmentation = segmentationOf(first, 'A');
  const frame = first.series[0].frames[0]!;
  first.viewer.paint(segmentation.id, 1, frame, [1, 2]);
  await first.session.frames.collect();
  const second = await openSession({ storage });
  const id = first.state().frames[0]!.id;

  first.viewer.paint(segmentation.id, 1, frame, [3, 4, 5]);
  await first.session.frames.collect();
  await second.session.frames.setRole(id, 'heldOut');
  await first.session.words.add('Catheter');
  second.session.change({ threshold: 0.3 });
  await Promise.all([
    first.session.frames.setPaintedPartOnly(id, true),
    first.session.frames.setRole(id, 'train'),
  ]);

  const third = await openSession({ storage });
  const kept = third.state().frames[0]!;
  assert.equal(countPixels(kept.masks[0]?.mask), 5);
  assert.equal(kept.chosenRole, 'train');
  assert.equal(kept.paintedPartOnly, true);
  assert.deepEqual(third.state().settings.words, ['Vein', 'Catheter']);
  assert.equal(third.state().settings.threshold, 0.3);

  await third.session.frames.remove(id);
  await second.session.frames.setRole(id, 'train');
  assert.deepEqual(second.state().frames, [], 'what is removed there is not brought back from here');
  assert.deepEqual(await storage.frames(), []);
});
