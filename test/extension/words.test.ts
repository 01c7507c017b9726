/** The word that the panel names is the one that the viewer's brush paints. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentColour } from '../../src/protocol/segment-colours.ts';
import { openSession, segmentationOf } from './open-session.ts';

test('on another series the word is the one that the brush paints there', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  await session.words.add('Catheter');
  await session.frames.brush('brush');
  assert.equal(viewer.brush?.segmentIndex, 2);
  viewer.open(series[1]);
  await until(({ place }) => place?.series.id === 'B');
  assert.equal(state().settings.activeWord, 'Catheter', 'nothing is painted there yet');
  await session.words.choose('Vein');
  await session.frames.brush('brush');
  assert.deepEqual(viewer.brush, {
    tool: 'brush',
    segmentationId: segmentationOf(opened, 'B').id,
    segmentIndex: 1,
  });
  viewer.open(series[0]);
  await until(({ settings }) => settings.activeWord === 'Catheter');
  assert.equal(viewer.activeSegment(segmentationOf(opened, 'A').id), 2);
  viewer.open(series[1]);
  await until(({ settings }) => settings.activeWord === 'Vein');
});

test('with a word goes what the brush painted it with', async () => {
  const opened = await openSession();
  const { session, viewer, state } = opened;
  await session.words.add('Catheter');
  await session.frames.brush('eraser');
  await session.words.remove('Catheter');
  assert.equal(state().settings.activeWord, 'Vein');
  assert.equal(viewer.activeSegment(segmentationOf(opened, 'A').id), 1);
  assert.equal(viewer.brush?.tool, 'eraser', 'what was in hand stays');
});

test('no word is named while the brush paints a segment of none', async () => {
  const opened = await openSession({
    stored: async (viewer) => {
      await viewer.createSegmentation('A', 'Of another', ['Lesion', 'Vein']);
    },
  });
  const { session, viewer, state, until } = opened;
  await until(({ place }) => place?.paintsOther === true);
  const { id } = segmentationOf(opened, 'A');
  await session.words.choose('Vein');
  await until(({ place }) => place?.paintsOther === false);
  assert.equal(viewer.activeSegment(id), 2);
  const other = await viewer.createSegmentation('A', 'Lesions', ['Lesion']);
  await session.chooseSegmentation(other.id);
  await until(({ place }) => place?.paintsOther === true);
  assert.equal(state().settings.activeWord, 'Vein');
});

test('of two words that are chosen at once, the later is painted', async () => {
  const opened = await openSession();
  const { session, viewer, state } = opened;
  await session.words.add('Catheter');
  await session.frames.brush('brush');
  await Promise.all([session.words.choose('Vein'), session.words.choose('Catheter')]);
  assert.equal(viewer.brush?.segmentIndex, 2);
  assert.equal(state().settings.activeWord, 'Catheter');
});

test('words have the colours of their segments, which need not be in the order of the list', async () => {
  const opened = await openSession();
  const { session, viewer, state, until } = opened;
  await session.words.add('Catheter');
  await session.frames.brush('brush');
  await session.words.remove('Vein');
  await session.words.add('Vein');
  assert.deepEqual(state().settings.words, ['Catheter', 'Vein']);
  await until(
    ({ colours }) => colours['vein'] === segmentColour(0) && colours['catheter'] === segmentColour(1),
  );
  viewer.colour(segmentationOf(opened, 'A').id, 1, [1, 2, 3]);
  await session.words.choose('Vein');
  await until(({ colours }) => colours['vein']?.join() === '1,2,3');
});
