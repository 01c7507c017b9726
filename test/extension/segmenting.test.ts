import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SaltError } from '../../src/protocol/errors.ts';
import { countPixels } from '../../extension/src/workflow/masks/masks.ts';
import type { FakeBackend } from './fake-backend.ts';
import { makeSeries } from './fake-viewer.ts';
import { openSession, quietly, segmentationOf } from './open-session.ts';

test('a series goes into one segmentation of its own, and the whole job can be taken back', async () => {
  const { session, viewer, state } = await openSession();
  await session.segmenting.segment('series');
  const all = viewer.segmentations('A');
  assert.deepEqual(
    all.map(({ label }) => label),
    ['SALT tiny · Vein'],
  );
  assert.equal(viewer.paintedFrames(all[0]!.id).length, 6);
  assert.equal(viewer.undoSteps, 0, 'the frames do not push the user’s strokes out of the viewer’s history');
  assert.match(state().undo?.text ?? '', /6 frames/);
  await session.undo();
  assert.deepEqual(viewer.segmentations('A'), []);
});

test('frames of a run in which something moves come with those beside them, and each is read once', async () => {
  const run = { ...makeSeries('A', 8), modality: 'XA' };
  const opened = await openSession({
    series: [run, makeSeries('B', 6)],
    prepare: (backend) => moving(backend),
  });
  await opened.session.segmenting.segment('series');
  const sizes = opened.backend.requests.map(({ beside }) => beside?.length);
  assert.deepEqual(sizes, [1, 2, 2, 2, 2, 2, 2, 1]);
  const [first, second, third] = opened.backend.requests;
  assert.deepEqual(second?.beside?.[0], first?.frame);
  assert.deepEqual(second?.beside?.[1], third?.frame);
  assert.ok(second?.frame.background);
});

test('frames of other series, and of runs that stand still, come alone', async () => {
  const run = { ...makeSeries('A', 8), modality: 'XA' };
  const opened = await openSession({ series: [run, makeSeries('B', 6)] });
  await opened.session.segmenting.segment('all');
  assert.deepEqual([...new Set(opened.backend.requests.map(({ beside }) => beside?.length))], [0]);
});

/** Something moves in its runs. */
function moving(backend: FakeBackend): void {
  backend.openRun = async () => true;
  backend.stillBackground = async (_, { values }) => new Uint8Array(values.length);
}

test('results go to the series they were asked for, whatever is opened meanwhile', async () => {
  const opened = await openSession();
  const { session, viewer, series, backend } = opened;
  backend.beforeSegment = () => {
    if (backend.requests.length === 2) viewer.open(series[1], 3);
  };
  await session.segmenting.segment('series');
  assert.equal(viewer.paintedFrames(segmentationOf(opened, 'A').id).length, 6);
  assert.deepEqual(viewer.segmentations('B'), []);
});

test('every open series is segmented', async () => {
  const opened = await openSession();
  await opened.session.segmenting.segment('all');
  for (const id of ['A', 'B']) {
    assert.equal(opened.viewer.paintedFrames(segmentationOf(opened, id).id).length, 6);
  }
});

test('a series that cannot be segmented is named and does not keep the others waiting', async () => {
  const opened = await openSession();
  const { session, viewer, backend, state } = opened;
  backend.beforeSegment = () => {
    if (backend.requests.length === 2) throw new SaltError('NOT_FINITE', 'Not a number.');
  };
  await quietly(() => session.segmenting.segment('all'));
  assert.equal(viewer.paintedFrames(segmentationOf(opened, 'A').id).length, 1);
  assert.equal(viewer.paintedFrames(segmentationOf(opened, 'B').id).length, 6);
  assert.deepEqual(
    state().problems.map(({ title }) => title),
    ['“Run A” was not segmented'],
  );
});

test('corrections and collected frames are kept when a series is segmented again', async () => {
  const opened = await openSession();
  const { session, viewer, series } = opened;
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'A');
  const [first, second] = series[0].frames;
  viewer.paint(id, 1, second!, [0, 1]);
  viewer.open(series[0], 0);
  viewer.paint(id, 1, first!, [3, 4, 5]);
  await session.frames.collect();
  await session.segmenting.segment('series');
  assert.equal(viewer.segmentations('A').length, 1, 'the segmentation of the same source is used again');
  assert.equal(viewer.readMask(id, 1, second!)?.data[0], 1, 'a correction that is not collected yet');
  assert.equal(viewer.readMask(id, 1, first!)?.data[3], 1, 'the approved mask');
  session.change({ keepMine: false });
});

test('what a person painted on frames that the model had not come to is kept when the series is segmented', async () => {
  const opened = await openSession();
  const { session, viewer, series } = opened;
  await session.segmenting.segment('frame');
  const { id } = segmentationOf(opened, 'A');
  const [, second, third] = series[0].frames;
  viewer.paint(id, 1, second!, [0, 1, 2]);
  await session.segmenting.segment('series');
  assert.equal(countPixels(viewer.readMask(id, 1, second!)), 3);
  assert.ok(countPixels(viewer.readMask(id, 1, third!)) > 3, 'the others are segmented');
});

test('what was opened from the archive is segmented again, but for what was painted on it since', async () => {
  const { viewer, series, session } = await openSession({
    stored: async (viewer) => {
      const { id } = await viewer.createSegmentation('A', 'SALT tiny · Vein', ['Vein']);
      for (const frame of makeSeries('A', 6).frames) viewer.paint(id, 1, frame, [0, 1]);
    },
  });
  const { id } = viewer.segmentations('A')[0]!;
  const [first, second] = series[0].frames;
  viewer.paint(id, 1, first!, [2]);
  await session.segmenting.segment('series');
  assert.equal(viewer.segmentations('A').length, 1);
  assert.equal(countPixels(viewer.readMask(id, 1, first!)), 3);
  assert.ok(countPixels(viewer.readMask(id, 1, second!)) > 3);
});

test('taking back one frame leaves the others the model’s, which nobody painted', async () => {
  const opened = await openSession();
  const { session, viewer, state, until } = opened;
  await session.segmenting.segment('series');
  await session.segmenting.segment('frame');
  await session.undo();
  await until(({ place }) => place?.segmentation !== undefined);
  assert.equal(state().place?.uncollected, 0);
  assert.equal(state().place?.uncertainty?.filter((value) => value !== null).length, 6);
  await session.saving.save();
  assert.equal(viewer.saves.at(-1)?.segments[0]?.algorithmType, 'AUTOMATIC');
});

test('taking a job back leaves what was corrected since', async () => {
  const opened = await openSession();
  const { session, viewer, series } = opened;
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'A');
  const [first, second] = series[0].frames;
  viewer.paint(id, 1, first!, [0, 1, 2]);
  const corrected = countPixels(viewer.readMask(id, 1, first!));
  await session.undo();
  assert.equal(countPixels(viewer.readMask(id, 1, first!)), corrected);
  assert.equal(countPixels(viewer.readMask(id, 1, second!)), 0);
  await session.segmenting.segment('series');
  assert.ok(countPixels(viewer.readMask(id, 1, second!)) > 0, 'what was taken back can be had again');
});

test('cancelling stops between frames, keeps what is done, and is no problem', async () => {
  const opened = await openSession();
  const { session, viewer, backend, state } = opened;
  backend.beforeSegment = () => {
    if (backend.requests.length === 3) session.segmenting.cancel();
  };
  await session.segmenting.segment('series');
  assert.equal(viewer.paintedFrames(segmentationOf(opened, 'A').id).length, 2);
  assert.deepEqual(state().problems, []);
  assert.equal(state().segmenting.status, 'done');
  assert.deepEqual(state().busy, {});
});

test('a failure half way is told, what is done stays, and the job can be started again', async () => {
  const opened = await openSession();
  const { session, viewer, backend, state } = opened;
  backend.beforeSegment = () => {
    if (backend.requests.length === 3) throw new SaltError('DEVICE_LOST', 'Lost. Try again.');
  };
  await quietly(() => session.segmenting.segment('series'));
  assert.equal(state().problems[0]?.message, 'Lost. Try again.');
  assert.equal(viewer.paintedFrames(segmentationOf(opened, 'A').id).length, 2);
  backend.beforeSegment = () => {};
  await session.segmenting.segment('series');
  assert.equal(viewer.paintedFrames(segmentationOf(opened, 'A').id).length, 6);
  assert.deepEqual(state().problems, []);
});

test('a failure before the first result leaves no segmentation behind', async () => {
  const { session, viewer, backend } = await openSession();
  backend.beforeSegment = () => {
    throw new SaltError('DEVICE_LOST', 'Lost.');
  };
  await quietly(() => session.segmenting.segment('series'));
  assert.deepEqual(viewer.segmentations('A'), []);
});

test('the threshold moves without the model, as one step of undo, past frames corrected by hand', async () => {
  const opened = await openSession();
  const { session, viewer, backend, series, until } = opened;
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'A');
  const [first, second, third] = series[0].frames;
  const pixels = (frame: typeof first) => countPixels(viewer.readMask(id, 1, frame!));
  viewer.paint(id, 1, third!, [0]);
  const before = [pixels(first), pixels(second), pixels(third)];
  const requests = backend.requests.length;
  const steps = viewer.undoSteps;
  session.segmenting.preview({ threshold: 0.45, minimumSize: 0 });
  session.segmenting.preview({ threshold: 0.2 });
  await until(() => pixels(first) > before[0]!);
  assert.equal(viewer.undoSteps, steps, 'dragging is no step of undo');
  assert.equal(pixels(second), before[1]);
  await session.segmenting.commit({});
  assert.ok(pixels(second) > before[1]!);
  assert.equal(pixels(third), before[2]);
  assert.equal(viewer.undoSteps, steps + 1);
  assert.equal(backend.requests.length, requests);
  await session.segmenting.commit({ threshold: 0.5 });
  assert.ok(pixels(second) <= before[1]! + 40);
});

test('what is painted on a preview of the threshold stays, and a preview on another frame is put back', async () => {
  const opened = await openSession();
  const { session, viewer, series, until } = opened;
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'A');
  const [first, second] = series[0].frames;
  const pixels = (frame: typeof first) => countPixels(viewer.readMask(id, 1, frame!));
  const before = [pixels(first), pixels(second)];
  session.segmenting.preview({ threshold: 0.2, minimumSize: 0 });
  await until(() => pixels(first) > before[0]!);
  viewer.open(series[0], 1);
  session.segmenting.preview({ threshold: 0.19 });
  await until(() => pixels(second) > before[1]!);
  assert.equal(pixels(first), before[0]);
  const empty = (viewer.readMask(id, 1, second!)?.data ?? new Uint8Array()).indexOf(0);
  viewer.paint(id, 1, second!, [empty]);
  const painted = pixels(second);
  await session.segmenting.commit({});
  assert.equal(pixels(second), painted);
  assert.ok(pixels(first) > before[0]!);
});

test('masks that the viewer’s undo brings back from before the threshold moved are the model’s still', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'A');
  const { frames } = series[0];
  const before = frames.map((frame) => Uint8Array.from(viewer.readMask(id, 1, frame)!.data));
  await session.segmenting.commit({ threshold: 0.2, minimumSize: 0 });
  for (const [i, frame] of frames.entries()) {
    const now = viewer.readMask(id, 1, frame)!.data;
    viewer.erase(
      id,
      frame,
      [...now.keys()].filter((at) => now[at] === 1 && before[i]?.[at] === 0),
    );
  }
  await until(({ place }) => place?.segmentation !== undefined);
  assert.equal(state().place?.uncollected, 0);
  await session.segmenting.commit({ threshold: 0.2, minimumSize: 0 });
  assert.ok(
    countPixels(viewer.readMask(id, 1, frames[0]!)) >
      (before[0]?.filter((one) => one === 1).length ?? Infinity),
  );
});

test('the next frame is the least sure one that is not collected', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  await session.segmenting.segment('series');
  await until(({ place }) => place?.uncertainty !== undefined);
  const uncertainty = state().place?.uncertainty ?? [];
  const others = uncertainty.map((value, index) => ({ value: value ?? 0, index })).slice(1);
  const expected = others.reduce((most, one) => (one.value > most.value ? one : most)).index;
  await session.frames.next();
  assert.equal(viewer.active()?.frameIndex, expected);
  assert.equal(viewer.active()?.series.id, series[0].id);
});

test('why masks may not be what is expected is said once, in the language of the viewer', async () => {
  const opened = await openSession({ language: 'de' });
  const { session, backend, state, viewer } = opened;
  const answer = backend.segment.bind(backend);
  const warning = { kind: 'no words', word: 'Vein', base: 'sam' } as const;
  backend.segment = async (request, signal) => {
    const frame = await answer(request, signal);
    return { ...frame, maps: frame.maps.map((map) => ({ ...map, warning })) };
  };
  await session.segmenting.segment('series');
  assert.equal(state().segmenting.warnings.length, 1);
  assert.match(state().segmenting.warnings[0] ?? '', /^„sam“ hat nie Wörter gelernt: „Vein“ ändert nichts/u);
  assert.match(state().announcement, /^6 Bilder segmentiert\. „sam“ hat nie Wörter gelernt/u, 'and read out');
  await session.frames.draft();
  assert.ok(viewer.notices.some((notice) => JSON.stringify(notice).includes('hat nie Wörter gelernt')));
});
