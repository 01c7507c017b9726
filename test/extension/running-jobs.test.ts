/** What happens while frames are segmented one by one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSession, quietly, segmentationOf } from './open-session.ts';

test('a job on every series is taken back but for what a person removed meanwhile', async () => {
  const opened = await openSession();
  const { session, viewer, state } = opened;
  await session.segmenting.segment('all');
  viewer.removeSegmentation(segmentationOf(opened, 'A').id);
  await quietly(() => session.undo());
  assert.deepEqual(viewer.segmentations('B'), []);
  assert.deepEqual(state().problems, []);
});
