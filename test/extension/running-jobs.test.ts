/** What happens while frames are segmented one by one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SaltError } from '../../src/protocol/errors.ts';
import { countPixels } from '../../extension/src/workflow/masks/masks.ts';
import { makeAdapter, withResolvers } from './fake-backend.ts';
import { openSession, quietly, segmentationOf } from './open-session.ts';
import type { Opened } from './open-session.ts';

/** Starts a job on the series on screen, which stands still before its last but `left` frames. */
async function startSlowly({ session, backend, until }: Opened, left: number) {
  const gate = withResolvers<undefined>();
  const from = backend.requests.length;
  backend.beforeSegment = async () => {
    if (backend.requests.length === from + 7 - left) await gate.promise;
  };
  const job = session.segmenting.segment('series');
  await until(({ segmenting }) => segmenting.status === 'running' && segmenting.done === 6 - left);
  return {
    end: () => {
      gate.resolve(undefined);
      return job;
    },
  };
}

test('taking a job back ends the one that runs meanwhile, which may write to the same segmentation', async () => {
  const opened = await openSession();
  const { session, viewer, backend, state } = opened;
  await session.segmenting.segment('series');
  const job = await startSlowly(opened, 4);
  const asked = backend.requests.length;
  const undoing = session.undo();
  await job.end();
  await undoing;
  assert.equal(backend.requests.length, asked, 'no frame more is segmented');
  assert.equal(state().segmenting.status, 'idle');
  assert.deepEqual(state().problems, []);
  assert.deepEqual(viewer.segmentations('A'), []);
  await session.segmenting.segment('series');
  assert.equal(viewer.paintedFrames(segmentationOf(opened, 'A').id).length, 6);
});

test('a job on every series is taken back but for what a person removed meanwhile', async () => {
  const opened = await openSession();
  const { session, viewer, state } = opened;
  await session.segmenting.segment('all');
  viewer.removeSegmentation(segmentationOf(opened, 'A').id);
  await quietly(() => session.undo());
  assert.deepEqual(viewer.segmentations('B'), []);
  assert.deepEqual(state().problems, []);
});

test('an adapter that is ready while a job runs is applied after it, and the job ends as it began', async () => {
  const opened = await openSession();
  const { session, viewer, series, backend, until } = opened;
  await session.frames.draft();
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[0]!, [0]);
  await session.frames.collect();
  await session.training.start();
  await session.segmenting.commit({ threshold: 0.2, minimumSize: 0 });
  viewer.open(series[1], 0);
  await session.segmenting.segment('series');
  const { id } = segmentationOf(opened, 'B');
  const pixels = () => series[1].frames.map((frame) => countPixels(viewer.readMask(id, 1, frame)));
  const whole = pixels();
  const job = await startSlowly(opened, 3);
  const adapter = makeAdapter('new');
  backend.adapterList = [adapter];
  backend.runs[0]?.end({ kind: 'finished', adapter });
  await until(({ settings }) => settings.source?.id === 'new');
  await job.end();
  assert.deepEqual(pixels(), whole, 'all of it at one threshold');
  await until(({ segmenting, settings }) => segmenting.status === 'done' && settings.threshold === 0.5);
  assert.deepEqual(
    viewer.segmentations('A').map(({ label }) => label),
    ['SALT · Run A', 'Adapter new · Vein'],
  );
});

test('a job on every series goes by the words and the name that it began with', async () => {
  const opened = await openSession({
    prepare: (backend) => (backend.adapterList = [makeAdapter('3f2a', { name: 'Mine' })]),
  });
  const { session, viewer, backend } = opened;
  await session.adapters.use({ kind: 'adapter', id: '3f2a' });
  backend.beforeSegment = async () => {
    if (backend.requests.length === 1) await session.adapters.remove('3f2a');
    if (backend.requests.length === 3) await session.words.add('Catheter');
  };
  await session.segmenting.segment('all');
  for (const id of ['A', 'B']) {
    assert.deepEqual(
      viewer.segmentations(id).map(({ label }) => label),
      ['Mine · Vein'],
    );
  }
  assert.deepEqual([...new Set(backend.requests.map(({ words }) => words.join()))], ['Vein']);
});

test('frames of a series that fails are not waited for', async () => {
  const { session, backend, state } = await openSession();
  backend.beforeSegment = () => {
    if (backend.requests.length === 3) throw new SaltError('NOT_FINITE', 'Not a number.');
  };
  const totals: number[] = [];
  session.store.subscribe(({ segmenting }) => void totals.push(segmenting.total));
  await quietly(() => session.segmenting.segment('all'));
  assert.deepEqual([...new Set(totals.filter((total) => total > 0))], [12, 8]);
  assert.equal(state().segmenting.done, 8);
});

test('frames to be collected are counted on the series on screen, whichever a job works on', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  await session.frames.brush('brush');
  for (const at of [0, 1, 2]) viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[at]!, [0]);
  await until(({ place }) => place?.uncollected === 3);
  const job = await startSlowly(opened, 4);
  viewer.open(series[1], 0);
  await until(({ place }) => place?.series.id === 'B');
  assert.equal(state().place?.uncollected, 0);
  await job.end();
});
