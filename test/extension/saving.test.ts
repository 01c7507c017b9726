import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createElement } from 'react';
import { CodesForm } from '../../extension/src/panel/save/CodesForm.tsx';
import { propertyOf } from '../../src/imaging/dicom/code.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { drawn } from './drawn.ts';
import { withResolvers } from './fake-backend.ts';
import { makeSeries } from './fake-viewer.ts';
import { openSession, quietly, segmentationOf } from './open-session.ts';

test('the kind of algorithm follows from who drew: nobody but the model, both, or a person alone', async () => {
  const opened = await openSession();
  const { session, viewer, series } = opened;
  await session.segmenting.segment('series');
  await session.saving.save();
  assert.equal(viewer.saves[0]?.segments[0]?.algorithmType, 'AUTOMATIC');
  assert.deepEqual(viewer.saves[0].algorithm, { name: 'SALT tiny', version: '0.1.0' });
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[1]!, [0]);
  await session.saving.save();
  assert.equal(viewer.saves[1]?.segments[0]?.algorithmType, 'SEMIAUTOMATIC');
  viewer.open(series[1], 0);
  await session.frames.brush('brush');
  viewer.paint(segmentationOf(opened, 'B').id, 1, series[1].frames[0]!, [0]);
  await session.saving.save();
  assert.equal(viewer.saves[2]?.segments[0]?.algorithmType, 'MANUAL');
  assert.equal(viewer.saves[2].segmentationId, segmentationOf(opened, 'B').id);
});

test('images of several sizes are said to make several files', async () => {
  const opened = await openSession();
  const { session, viewer, state } = opened;
  viewer.save = async () => ({ sopInstanceUids: ['1.9', '1.10'], bytes: 3456, frames: 3 });
  await session.frames.draft();
  await session.saving.save();
  assert.match(state().announcement, /3 frames .*in 2 files: one for each size of image/u);
});

test('what is saved is marked as such until it changes', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await session.segmenting.segment('series');
  await session.saving.save();
  const { id } = segmentationOf(opened, 'A');
  assert.equal(state().saved[id]?.stale, false);
  viewer.paint(id, 1, series[0].frames[1]!, [0]);
  assert.equal(state().saved[id]?.stale, true);
});

test('what is saved stays marked as such when another is saved after it', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  await session.segmenting.segment('all');
  await session.saving.save();
  viewer.open(series[1], 0);
  await session.saving.save();
  const ids = [segmentationOf(opened, 'A').id, segmentationOf(opened, 'B').id];
  assert.deepEqual(
    ids.map((id) => state().saved[id]?.stale),
    [false, false],
  );
  viewer.paint(ids[0]!, 1, series[0].frames[1]!, [0]);
  assert.deepEqual(
    ids.map((id) => state().saved[id]?.stale),
    [true, false],
  );
});

test('codes of the words, those of the site first, and those that a person chose before all', async () => {
  const own = {
    category: { value: '1', scheme: '99SITE', meaning: 'Own' },
    type: { value: '2', scheme: '99SITE', meaning: 'Own vein' },
  };
  const opened = await openSession({ config: { codes: { vein: own } } });
  await opened.session.segmenting.segment('series');
  await opened.session.saving.save();
  assert.deepEqual(opened.viewer.saves[0]?.segments[0]?.code, own);
  const chosen = propertyOf('Artery');
  const { id } = segmentationOf(opened, 'A');
  await opened.session.saving.save({ segmentationId: id, codes: new Map([[1, chosen]]) });
  assert.deepEqual(opened.viewer.saves[1]?.segments[0]?.code, chosen);
});

test('codes that were chosen for one segmentation are not saved with another', async () => {
  const opened = await openSession();
  const { session, viewer, series, state } = opened;
  const a = await viewer.createSegmentation('A', 'a', ['Vein', 'Catheter']);
  const codes = session.saving.proposedCodes(a);
  viewer.open(series[1], 0);
  const b = await viewer.createSegmentation('B', 'b', ['Catheter', 'Vein']);
  viewer.paint(b.id, 1, series[1].frames[0]!, [1]);
  await quietly(() => session.saving.save({ segmentationId: a.id, codes }));
  assert.equal(viewer.saves.length, 0);
  assert.match(state().problems[0]?.message ?? '', /another segmentation/);
  await session.saving.save({ segmentationId: b.id, codes: session.saving.proposedCodes(b) });
  assert.deepEqual(
    viewer.saves[0]?.segments.map(({ code }) => code),
    [propertyOf('Catheter'), propertyOf('Vein')],
  );
});

test('an archive that refuses is a problem in words; the segmentation stays unsaved', async () => {
  const { session, viewer, state } = await openSession();
  await session.segmenting.segment('series');
  viewer.failNext('save', new SaltError('SAVE_FAILED', 'The archive said 503. Try again later.'));
  await quietly(() => session.saving.save());
  assert.equal(state().problems[0]?.message, 'The archive said 503. Try again later.');
  assert.deepEqual(state().saved, {});
});

test('nothing is saved where nothing is segmented', async () => {
  const { session, viewer, state } = await openSession();
  await quietly(() => session.saving.save());
  assert.equal(viewer.saves.length, 0);
  assert.match(state().problems[0]?.message ?? '', /no segmentation/);
});

test('codes that were chosen are saved again, and proposed again', async () => {
  const opened = await openSession();
  const { session, viewer } = opened;
  await session.segmenting.segment('series');
  const chosen = propertyOf('Artery');
  const segmentation = segmentationOf(opened, 'A');
  await session.saving.save({ segmentationId: segmentation.id, codes: new Map([[1, chosen]]) });
  assert.deepEqual(session.saving.proposedCodes(segmentation).get(1), chosen);
  await session.saving.save();
  assert.deepEqual(viewer.saves[1]?.segments[0]?.code, chosen);
  const renamed = { ...segmentation, segments: [{ index: 1, label: 'Catheter' }] };
  assert.deepEqual(session.saving.proposedCodes(renamed).get(1), propertyOf('Catheter'));
});

test('what was opened from the archive is saved as its file says that it was made, and as corrected where it was', async () => {
  const opened = await openSession({
    stored: async (viewer) => {
      const { id } = await viewer.createSegmentation('A', 'Earlier', ['Vein']);
      for (const frame of makeSeries('A', 6).frames) viewer.paint(id, 1, frame, [0, 1]);
      viewer.state(id, { type: 'AUTOMATIC', name: 'Another model' });
    },
  });
  const { session, viewer, series, until } = opened;
  await until(({ place }) => place?.segmentation !== undefined);
  await session.saving.save();
  assert.equal(viewer.saves[0]?.segments[0]?.algorithmType, 'AUTOMATIC');
  assert.equal(viewer.saves[0].algorithm.name, 'Another model');
  const { id } = segmentationOf(opened, 'A');
  viewer.paint(id, 1, series[0].frames[1]!, [5]);
  await session.saving.save();
  assert.equal(viewer.saves[1]?.segments[0]?.algorithmType, 'SEMIAUTOMATIC');
  viewer.state(id, { type: 'MANUAL' });
  await session.saving.save();
  assert.equal(viewer.saves[2]?.segments[0]?.algorithmType, 'MANUAL');
});

test('nothing is saved while segmentation runs, with looked-over codes or without', async () => {
  const opened = await openSession();
  const { session, backend, viewer, state, until } = opened;
  const { promise, resolve } = withResolvers<undefined>();
  backend.beforeSegment = () => (backend.requests.length > 1 ? promise : undefined);
  const segmenting = session.segmenting.segment('series');
  await until((now) => now.segmenting.done === 1 && now.place?.segmentation !== undefined);
  const segmentation = segmentationOf(opened, 'A');
  await quietly(() => session.saving.save());
  await quietly(() =>
    session.saving.save({
      segmentationId: segmentation.id,
      codes: session.saving.proposedCodes(segmentation),
    }),
  );
  assert.equal(viewer.saves.length, 0);
  assert.match(state().problems[0]?.message ?? '', /Segmentation is under way/u);
  const form = createElement(CodesForm, { segmentation, onDone() {} });
  assert.match(drawn(session, form), /title="Segmentation is under way[^>]*aria-disabled="true"/u);
  resolve(undefined);
  await segmenting;
  await session.saving.save();
  assert.equal(viewer.saves.length, 1);
  assert.doesNotMatch(drawn(session, form), /aria-disabled="true"/u);
});

test('a code of blanks alone is refused with what to do', async () => {
  const blank = { value: ' ', scheme: ' ', meaning: ' ' };
  const opened = await openSession({ config: { codes: { vein: { category: blank, type: blank } } } });
  await opened.session.frames.draft();
  await opened.until(({ place }) => place?.segmentation !== undefined);
  const form = createElement(CodesForm, { segmentation: segmentationOf(opened, 'A'), onDone() {} });
  assert.match(
    drawn(opened.session, form),
    /title="Fill in code, scheme and meaning of every segment\."[^>]*aria-disabled="true"/u,
  );
});
