import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import { countPixels } from '../../extension/src/workflow/masks/masks.ts';
import { makeSeries } from './fake-viewer.ts';
import { openSession, quietly, segmentationOf } from './open-session.ts';

test('a draft makes the working segmentation, is one step of undo and hands over the brush', async () => {
  const { session, viewer, state, until } = await openSession();
  await session.frames.draft();
  const [segmentation] = viewer.segmentations('A');
  assert.equal(segmentation?.label, 'SALT · Run A');
  assert.equal(viewer.undoSteps, 1);
  assert.deepEqual(viewer.brush, { tool: 'brush', segmentationId: segmentation.id, segmentIndex: 1 });
  await until(({ place }) => (place?.painted[0]?.pixels ?? 0) > 0);
  assert.equal(state().place?.uncollected, 0, 'an untouched draft is not a person’s work');
});

test('who wipes one draft finds the eraser in hand on the next, and the brush with another word', async () => {
  const { session, viewer, series } = await openSession();
  await session.frames.draft();
  await session.frames.brush('eraser');
  viewer.open(series[0], 1);
  await session.frames.draft();
  assert.equal(viewer.brush?.tool, 'eraser');
  await session.words.add('Catheter');
  assert.deepEqual([viewer.brush.tool, viewer.brush.segmentIndex], ['brush', 2]);
});

test('a mode without a brush drafts and segments all the same, and says why nothing can be painted', async () => {
  const opened = await openSession();
  const { session, viewer, state, until } = opened;
  viewer.loseBrush();
  await until(({ place }) => place?.hasBrush === false);
  await session.frames.draft();
  await session.segmenting.segment('series');
  assert.equal(viewer.segmentations('A').length, 2);
  assert.equal(viewer.paintedFrames(segmentationOf(opened, 'A').id).length, 6);
  assert.deepEqual(state().problems, []);
  assert.equal(viewer.brush, undefined);
  await quietly(() => session.frames.brush('brush'));
  assert.match(state().problems[0]?.message ?? '', /This mode of the viewer has no brush/);
});

test('what the brush paints into is collected, whichever list it was chosen in', async () => {
  const opened = await openSession();
  const { session, viewer, state, until } = opened;
  await session.frames.draft();
  const drafts = segmentationOf(opened, 'A');
  await session.segmenting.segment('series');
  const result = segmentationOf(opened, 'A');
  await until(({ place }) => place?.segmentation?.id === result.id);
  // In the viewer's own list.
  await viewer.activateSegment(drafts.id, 1);
  await until(({ place }) => place?.segmentation?.id === drafts.id);
  // In ours.
  await session.chooseSegmentation(result.id);
  await until(({ place }) => place?.segmentation?.id === result.id);
  await session.frames.brush('brush');
  assert.equal(viewer.brush?.segmentationId, result.id);
  // One with nothing that we look for is let be, unless it is chosen.
  const other = await viewer.createSegmentation('A', 'Liver', ['Liver']);
  await until(({ place }) => place?.choices.length === 3);
  assert.equal(state().place?.segmentation?.id, result.id);
  await session.chooseSegmentation(other.id);
  await until(({ place }) => place?.segmentation?.id === other.id);
});

test('a segment that is chosen in the viewer’s own list is the word that is painted, and ours stays what we chose', async () => {
  const opened = await openSession();
  const { session, viewer, state, until } = opened;
  await session.words.add('Catheter');
  assert.equal(state().settings.activeWord, 'Catheter', 'before there is any segment');
  await session.frames.draft();
  const { id } = segmentationOf(opened, 'A');
  await until(({ place }) => place?.segmentation?.id === id);
  await wait(200);
  assert.equal(state().settings.activeWord, 'Catheter');
  await viewer.activateSegment(id, 1);
  await until(({ settings }) => settings.activeWord === 'Vein');
  await session.words.choose('Catheter');
  await wait(200);
  assert.equal(state().settings.activeWord, 'Catheter');
  assert.equal(viewer.brush?.segmentIndex, 2);
});

test('what is collected is stored at once and survives a reload', async () => {
  const storage = memoryStorage();
  const first = await openSession({ storage });
  await first.session.frames.draft();
  await first.session.frames.collect();
  assert.equal((await storage.frames()).length, 1);
  const second = await openSession({ storage });
  const [frame] = second.state().frames;
  assert.equal(frame?.ref.frameNumber, 1);
  assert.ok(countPixels(frame.masks[0]?.mask) > 0);
});

test('a frame that is collected again replaces the earlier one and keeps its place', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await session.frames.draft();
  await session.frames.collect();
  viewer.open(series[0], 1);
  await session.frames.draft();
  await session.frames.collect();
  const before = state().frames[0];
  viewer.open(series[0], 0);
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[0]!, [0, 1, 2]);
  await session.frames.collect();
  const after = state().frames[0];
  assert.equal(state().frames.length, 2);
  assert.equal(after?.id, before?.id);
  assert.equal(countPixels(after?.masks[0]?.mask), countPixels(before?.masks[0]?.mask) + 3);
});

test('masks of a word that was taken off the list stay when their frame is collected again', async () => {
  const storage = memoryStorage();
  const opened = await openSession({ storage });
  const { session, viewer, series, state, until } = opened;
  const [frame] = series[0].frames;
  assert.ok(frame);
  const collected = () => state().frames[0]?.masks.map(({ word, mask }) => [word, countPixels(mask)]);
  await session.words.add('Catheter');
  await session.frames.brush('brush');
  const both = segmentationOf(opened, 'A').id;
  viewer.paint(both, 1, frame, [0, 1, 2]);
  viewer.paint(both, 2, frame, [40, 41]);
  await session.frames.collect();
  await session.words.remove('Catheter');
  // Its segment is still there, and may be painted in the viewer's own list.
  viewer.paint(both, 1, frame, [3]);
  viewer.paint(both, 2, frame, [42]);
  await session.frames.collect();
  const isAsItWas = [
    ['Vein', 4],
    ['Catheter', 3],
  ];
  assert.deepEqual(collected(), isAsItWas);

  // In another segmentation it is not, so that nothing is said about it there.
  const other = await viewer.createSegmentation('A', 'other', ['Vein']);
  await session.chooseSegmentation(other.id);
  viewer.paint(other.id, 1, frame, [0, 1, 2, 3]);
  await until(({ place }) => place?.segmentation?.id === other.id && place.uncollected === 0);
  assert.equal(state().place?.changed, false);
  await session.frames.collect();
  assert.deepEqual(collected(), isAsItWas);
  viewer.erase(other.id, frame, [0, 1, 2, 3]);
  await session.frames.collectEmpty();
  assert.deepEqual(collected(), [
    ['Vein', 0],
    ['Catheter', 3],
  ]);
  const { frames } = (await openSession({ storage })).state();
  assert.equal(frames[0]?.masks.length, 2);
});

test('an empty frame is collected only by saying so, and a painted one is never collected as empty', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await quietly(() => session.frames.collect());
  assert.equal(state().frames.length, 0);
  assert.match(state().problems[0]?.message ?? '', /Nothing is painted/);
  await session.frames.collectEmpty();
  assert.equal(state().frames.length, 1);
  assert.deepEqual(state().problems, [], 'the problem is gone once the action succeeded');
  viewer.open(series[0], 1);
  await session.frames.draft();
  await quietly(() => session.frames.collectEmpty());
  assert.equal(state().frames.length, 1);
});

test('all painted frames are collected, untouched drafts are not', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  await session.frames.draft();
  const { id } = segmentationOf(opened, 'A');
  viewer.paint(id, 1, series[0].frames[2]!, [5, 6]);
  viewer.paint(id, 1, series[0].frames[4]!, [5, 6]);
  await until(({ place }) => place?.uncollected === 2);
  assert.equal(await session.frames.collectPainted(), 2);
  assert.deepEqual(
    state().frames.map(({ ref, drafted }) => [ref.frameNumber, drafted]),
    [
      [3, undefined],
      [5, undefined],
    ],
  );
  await until(({ place }) => place?.uncollected === 0);
  // A correction after collecting makes the frame uncollected again; taking it back does not.
  viewer.paint(id, 1, series[0].frames[2]!, [9]);
  await until(({ place }) => place?.uncollected === 1);
  viewer.erase(id, series[0].frames[2]!, [9]);
  await until(({ place }) => place?.uncollected === 0);
});

test('a draft that was corrected is told from paint, also when its frame is collected again', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await session.frames.draft();
  for (const pixel of [7, 8]) {
    viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[0]!, [pixel]);
    await session.frames.collect();
    assert.deepEqual(
      state().frames.map(({ drafted }) => drafted),
      [true],
    );
  }
});

test('what is painted after a draft was undone or wiped is a person’s own; a draft brought back is a draft', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  const [frame] = series[0].frames;
  assert.ok(frame);
  await session.frames.draft();
  const { id } = segmentationOf(opened, 'A');
  const { data = [] } = viewer.readMask(id, 1, frame) ?? {};
  const drawn = [...data].flatMap((value, at) => (value ? [at] : []));
  const isEmpty = (empty: boolean) => until(({ place }) => (place?.painted[0]?.pixels === 0) === empty);
  await isEmpty(false);

  viewer.erase(id, frame, drawn);
  await isEmpty(true);
  // As the viewer's redo does.
  viewer.paint(id, 1, frame, drawn);
  await isEmpty(false);
  await session.frames.collect();
  assert.equal(state().frames[0]?.drafted, true);
  await session.frames.remove(state().frames[0]?.id ?? '');

  viewer.erase(id, frame, drawn);
  await isEmpty(true);
  viewer.paint(id, 1, frame, [1, 2, 3]);
  await isEmpty(false);
  await session.frames.collect();
  assert.equal(state().frames[0]?.drafted, undefined);
  await session.saving.save();
  assert.equal(viewer.saves.at(-1)?.segments[0]?.algorithmType, 'MANUAL');
});

test('the masks of the set are copies: painting on does not change them', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await session.frames.draft();
  await session.frames.collect();
  const mask = state().frames[0]?.masks[0]?.mask;
  const before = countPixels(mask);
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[0]!, [0, 1, 2, 3]);
  assert.equal(countPixels(mask), before);
});

test('removing a frame can be undone, in storage too', async () => {
  const storage = memoryStorage();
  const { session, state } = await openSession({ storage });
  await session.frames.draft();
  await session.frames.collect();
  const id = state().frames[0]?.id ?? '';
  await session.frames.remove(id);
  assert.equal(state().frames.length, 0);
  assert.equal((await storage.frames()).length, 0);
  assert.match(state().undo?.text ?? '', /Frame 1 removed/);
  await session.undo();
  assert.equal(state().frames[0]?.id, id);
  assert.equal((await storage.frames()).length, 1);
  assert.equal(state().undo, undefined);
});

test('a frame is named by its place in the series, also where each image has one frame', async () => {
  const run = makeSeries('A', 6);
  const images = run.frames.map((frame, index) => ({
    ...frame,
    sopInstanceUid: `1.2.A.1.${index + 1}`,
    frameNumber: 1,
  }));
  const storage = memoryStorage();
  const opened = await openSession({ storage, series: [{ ...run, frames: images }, makeSeries('B', 6)] });
  const { session, viewer, series, state } = opened;
  viewer.open(series[0], 4);
  await session.frames.draft();
  await session.frames.collect();
  assert.match(state().announcement, /Frame 5 is in the training set/);
  const zip = await session.frames.exportZip();
  const reloaded = await openSession({ storage });
  assert.equal(reloaded.state().frames[0]?.position, 5);
  await session.frames.remove(state().frames[0]?.id ?? '');
  assert.match(state().undo?.text ?? '', /Frame 5 removed/);
  await session.frames.importZip(zip!);
  assert.equal(state().frames[0]?.position, 5);
});

test('a frame whose pixels cannot be read is reported in words and nothing is collected', async () => {
  const { session, viewer, state } = await openSession();
  viewer.failNext('framePixels', new Error('decoder said no'));
  await quietly(() => session.frames.draft());
  assert.match(state().problems[0]?.message ?? '', /decoder said no.*Try again/);
  assert.equal(viewer.notices[0]?.level, 'error');
  assert.deepEqual(state().busy, {});
  session.dismiss(state().problems[0]?.id ?? 0);
  assert.deepEqual(state().problems, []);
});

test('each word is a segment; a mask is collected for each', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await session.frames.draft();
  await session.words.add('Catheter');
  await session.words.add(' catheter ');
  assert.deepEqual(state().settings.words, ['Vein', 'Catheter']);
  const segmentation = segmentationOf(opened, 'A');
  assert.equal(viewer.brush?.segmentIndex, 2, 'the brush paints the chosen word');
  viewer.paint(segmentation.id, 2, series[0].frames[0]!, [0, 1, 2]);
  await session.frames.collect();
  const masks = state().frames[0]?.masks ?? [];
  assert.deepEqual(
    masks.map(({ word }) => word),
    ['Vein', 'Catheter'],
  );
  assert.equal(countPixels(masks[1]?.mask), 3);
  await session.words.remove('Vein');
  await session.words.remove('Catheter');
  assert.deepEqual(state().settings.words, ['Catheter'], 'the last word stays');
});

test('stored records of another shape are left out, the others are read', async () => {
  const storage = memoryStorage();
  const first = await openSession({ storage });
  await first.session.frames.draft();
  await first.session.frames.collect();
  const good = await storage.frames();
  const { warn } = console;
  console.warn = () => {};
  const second = await openSession({
    storage: { ...storage, frames: async () => [{ id: 'x' }, null, ...good] },
  });
  console.warn = warn;
  assert.equal(second.state().frames.length, 1);
});

test('a result that is accepted is trained on, whatever its place in the order', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'A');
  await until(({ place }) => place?.segmentation?.id === id && place.uncertainty !== undefined);
  for (const index of [0, 1, 2, 3]) {
    viewer.open(series[0], index);
    viewer.paint(id, 1, series[0].frames[index]!, [0, 1, 2]);
    await session.frames.collect();
  }
  assert.deepEqual(
    state().frames.map(({ chosenRole }) => chosenRole),
    ['train', 'train', 'train', 'train'],
  );
  await session.frames.setRole(state().frames[3]!.id, 'heldOut');
  viewer.paint(id, 1, series[0].frames[3]!, [3, 4]);
  await session.frames.collect();
  assert.equal(state().frames[3]?.chosenRole, 'heldOut', 'what a person chose stays');
});

test('frames that were painted are counted after every change, and not while somebody scrolls', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'A');
  viewer.paint(id, 1, series[0].frames[3]!, [0, 1]);
  await until(({ place }) => place?.uncollected === 1);
  // Until all that follows a stroke has been done.
  await session.keepNow();
  await wait(600);

  const paintedFrames = viewer.paintedFrames.bind(viewer);
  let looks = 0;
  Object.assign(viewer, {
    paintedFrames: (segmentationId: string) => {
      looks++;
      return paintedFrames(segmentationId);
    },
  });
  for (const index of [1, 2, 4]) {
    viewer.open(series[0], index);
    await until(({ place }) => place?.frameIndex === index);
  }
  assert.equal(looks, 0);
  assert.equal(state().place?.uncollected, 1);

  viewer.open(series[1], 0);
  await until(({ place }) => place?.series === series[1] && place.uncollected === 0);
  viewer.open(series[0], 0);
  await until(({ place }) => place?.series === series[0] && place.uncollected === 1);
  viewer.paint(id, 1, series[0].frames[5]!, [0, 1]);
  await until(({ place }) => place?.uncollected === 2);
});
