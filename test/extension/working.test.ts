import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openSession, quietly, segmentationOf } from './open-session.ts';

test('a draft and the brush that are asked for at once are of one segmentation', async () => {
  const opened = await openSession();
  const { session, viewer } = opened;
  const createSegmentation = viewer.createSegmentation.bind(viewer);
  viewer.createSegmentation = async (...args) => {
    await wait(20);
    return createSegmentation(...args);
  };
  await Promise.all([session.frames.draft(), session.frames.brush('brush')]);
  assert.equal(viewer.segmentations('A').length, 1);
  assert.equal(viewer.brush?.segmentationId, segmentationOf(opened, 'A').id);
});

test('a segmentation that could not be made is made when it is asked for again', async () => {
  const { session, viewer, state } = await openSession();
  const createSegmentation = viewer.createSegmentation.bind(viewer);
  viewer.createSegmentation = () => Promise.reject(new Error('no room'));
  await quietly(() => session.frames.draft());
  assert.equal(state().problems.length, 1);
  viewer.createSegmentation = createSegmentation;
  await session.frames.draft();
  assert.deepEqual(state().problems, []);
  assert.equal(viewer.segmentations('A').length, 1);
});
