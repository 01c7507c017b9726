import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openSession } from './open-session.ts';

/** Longer than someone must stay at a frame, and the gathering of changes before. */
const RESTED = 1500;

test('a frame that someone stays at is computed ahead, those scrolled past are not', async () => {
  const { viewer, backend, series } = await openSession();
  for (const index of [1, 2, 3]) {
    viewer.open(series[0], index);
    await wait(150);
  }
  await wait(RESTED);
  assert.equal(backend.lookedAhead.length, 1);
  const [{ request, signal } = assert.fail()] = backend.lookedAhead;
  assert.deepEqual(request.source, { kind: 'model', id: 'salt-tiny' });
  assert.deepEqual(request.words, ['Vein']);
  assert.deepEqual(request.frame, await viewer.framePixels(series[0].frames[3]!));
  assert.equal(signal?.aborted, false);

  viewer.open(series[0], 4);
  await wait(RESTED);
  assert.ok(signal.aborted, 'what is waiting for a frame that nobody sees any more is called off');
  assert.equal(backend.lookedAhead.length, 2);
});

test('nothing is computed ahead for a frame that is painted, nor beside a training', async () => {
  const { session, viewer, backend, series, until } = await openSession();
  await session.frames.draft();
  await until(({ place }) => (place?.painted[0]?.pixels ?? 0) > 0);
  await wait(RESTED);
  assert.equal(backend.lookedAhead.length, 0);

  await session.frames.collect();
  void session.training.start();
  await until(({ training }) => training.status === 'running' || training.status === 'preparing');
  viewer.open(series[0], 1);
  await wait(RESTED);
  assert.equal(backend.lookedAhead.length, 0);
});

test('a frame that cannot be computed ahead bothers nobody', async () => {
  const { backend, state } = await openSession({
    prepare: (fake) => {
      fake.lookAhead = () => Promise.reject(new Error('out of memory'));
    },
  });
  const { warn } = console;
  const warned: unknown[] = [];
  console.warn = (...what) => void warned.push(...what);
  await wait(RESTED);
  console.warn = warn;
  assert.equal(warned.length, 2);
  assert.deepEqual(state().problems, []);
  assert.equal(backend.requests.length, 0);
});
