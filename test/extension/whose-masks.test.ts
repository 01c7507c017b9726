/** Which masks are a person's work, and which a model's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import { countPixels } from '../../extension/src/workflow/masks/masks.ts';
import type { FakeBackend } from './fake-backend.ts';
import { SIDE, makeSeries } from './fake-viewer.ts';
import type { FakeViewer } from './fake-viewer.ts';
import { openSession, segmentationOf } from './open-session.ts';

test('what a model drew and the archive has is no paint to be collected, until it is corrected', async () => {
  const stored = async (viewer: FakeViewer, type: string) => {
    const { id } = await viewer.createSegmentation('A', 'Earlier', ['Vein']);
    for (const frame of makeSeries('A', 6).frames) viewer.paint(id, 1, frame, [0, 1]);
    viewer.state(id, { type });
  };
  const opened = await openSession({ stored: (viewer) => stored(viewer, 'AUTOMATIC') });
  const { session, viewer, series, state, until } = opened;
  await until(({ place }) => place?.segmentation !== undefined);
  assert.equal(state().place?.uncollected, 0);
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[2]!, [5]);
  await until(({ place }) => place?.uncollected === 1);
  assert.equal(await session.frames.collectPainted(), 1);
  const byHand = await openSession({ stored: (viewer) => stored(viewer, 'MANUAL') });
  await byHand.until(({ place }) => place?.uncollected === 6);
});

test('a correction of what a model drew and the archive has is one still after a tab was killed', async () => {
  const storage = memoryStorage();
  const first = await openSession({
    storage,
    async stored(viewer) {
      const { id } = await viewer.createSegmentation('A', 'Earlier', ['Vein']);
      for (const frame of makeSeries('A', 6).frames.slice(0, 3)) viewer.paint(id, 1, frame, [0, 1]);
      viewer.state(id, { type: 'AUTOMATIC' });
    },
  });
  const { id } = segmentationOf(first, 'A');
  const [, drawn, , empty] = first.series[0].frames;
  assert(drawn && empty);
  first.viewer.paint(id, 1, drawn, [5]);
  first.viewer.paint(id, 1, empty, [6]);
  await first.session.keepNow();

  const second = await openSession({ storage });
  await second.until(({ place }) => place?.unsaved.length === 1);
  await second.session.unsaved.bringBack(second.state().place?.unsaved[0]?.key ?? '');
  await second.until(({ place }) => place?.uncollected === 2);
  assert.equal(await second.session.frames.collectPainted(), 2);
  const drafted = second.state().frames.map((frame) => [frame.position, frame.drafted]);
  assert.deepEqual(drafted.sort(), [
    [2, true],
    [4, undefined],
  ]);
  await second.session.saving.save();
  assert.equal(second.viewer.saves[0]?.segments[0]?.algorithmType, 'SEMIAUTOMATIC');
});

test('what a person painted of other words is theirs still where a draft is drawn beside it', async () => {
  const opened = await openSession();
  const { session, viewer, series, until } = opened;
  await session.words.add('Catheter');
  await session.frames.brush('brush');
  const { id } = segmentationOf(opened, 'A');
  const frame = series[0].frames[0]!;
  viewer.paint(id, 2, frame, [3, 4]);
  await session.words.remove('Catheter');
  await session.frames.draft();
  assert.equal(countPixels(viewer.readMask(id, 2, frame)), 2);
  await until(({ place }) => place?.uncollected === 1);
  await session.saving.save();
  assert.equal(viewer.saves[0]?.segments[1]?.algorithmType, 'SEMIAUTOMATIC');
});

/** The second word is found in the first row. */
function findTwo(backend: FakeBackend): void {
  const answer = backend.segment.bind(backend);
  backend.segment = async (request, signal) => {
    const frame = await answer(request, signal);
    const maps = frame.maps.map((map, index) =>
      index === 0 ? map : { ...map, probabilities: map.probabilities.map((_, at) => (at < SIDE ? 110 : 0)) },
    );
    return { ...frame, maps };
  };
}

test('a word that was added after a frame was collected is found there too, and the approved one stays', async () => {
  const opened = await openSession({ prepare: findTwo });
  const { session, viewer, series, state } = opened;
  const frame = series[0].frames[0]!;
  await session.frames.draft();
  viewer.paint(segmentationOf(opened, 'A').id, 1, frame, [0, 1]);
  await session.frames.collect();
  const approved = state().frames[0]?.masks[0]?.mask.data;
  await session.words.add('Catheter');
  session.change({ threshold: 0.4, minimumSize: 0 });
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'A');
  const pixels = () => series[0].frames.map((ref) => countPixels(viewer.readMask(id, 2, ref)));
  const [first = 0] = pixels();
  assert.ok(first > 0);
  assert.deepEqual(viewer.readMask(id, 1, frame)?.data, approved);

  await session.segmenting.commit({ threshold: 0.5 });
  assert.deepEqual(pixels(), [0, 0, 0, 0, 0, 0]);
  assert.deepEqual(viewer.readMask(id, 1, frame)?.data, approved);
  await session.segmenting.commit({ threshold: 0.4 });
  assert.equal(pixels()[0], first);

  viewer.paint(id, 1, frame, [200]);
  await session.frames.collect();
  assert.equal(countPixels(state().frames[0]?.masks[1]?.mask), first);
});

test('who does not keep their paint on collected frames has them segmented anew, but for what was painted since', async () => {
  const opened = await openSession();
  const { session, viewer, series } = opened;
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'A');
  const [first, second] = series[0].frames;
  const found = Uint8Array.from(viewer.readMask(id, 1, first!)!.data);
  for (const [at, frame] of [first, second].entries()) {
    viewer.open(series[0], at);
    viewer.paint(id, 1, frame!, [0, 1, 2]);
    await session.frames.collect();
  }
  viewer.paint(id, 1, second!, [3]);
  const corrected = Uint8Array.from(viewer.readMask(id, 1, first!)!.data);
  await session.segmenting.segment('series');
  assert.deepEqual(viewer.readMask(id, 1, first!)?.data, corrected);
  session.change({ keepMine: false });
  await session.segmenting.segment('series');
  assert.deepEqual(viewer.readMask(id, 1, first!)?.data, found);
  assert.deepEqual([...viewer.readMask(id, 1, second!)!.data.slice(0, 4)], [1, 1, 1, 1]);
  await session.undo();
  assert.deepEqual(viewer.readMask(id, 1, first!)?.data, corrected);
});
