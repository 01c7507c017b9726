import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createElement } from 'react';
import { AdapterRow } from '../../extension/src/panel/adapters/AdapterRow.tsx';
import { SourceField } from '../../extension/src/panel/segment/SourceField.tsx';
import { bytesInBrowser } from '../../extension/src/store/state.ts';
import { adapterFileName } from '../../extension/src/workflow/adapters.ts';
import { drawn } from './drawn.ts';
import { makeAdapter, withResolvers } from './fake-backend.ts';
import { SIDE } from './fake-viewer.ts';
import { openSession, quietly } from './open-session.ts';

const two = {
  prepare: (backend: { adapterList: unknown }) =>
    void (backend.adapterList = [makeAdapter('a'), makeAdapter('b')]),
};

test('a deleted adapter can be had back until another thing is done, and is only then gone', async () => {
  const { session, backend, state } = await openSession(two);
  await session.adapters.remove('a');
  assert.deepEqual(
    state().adapters.map(({ id }) => id),
    ['b'],
  );
  assert.deepEqual(backend.removed, []);
  await session.undo();
  assert.equal(state().adapters.length, 2);
  await session.adapters.remove('a');
  await session.adapters.remove('b');
  assert.deepEqual(backend.removed, ['a'], 'the second deletion settles the first');
  await session.dispose();
  assert.deepEqual(backend.removed, ['a', 'b']);
});

test('what was taken away is read out, as it is shown beside the way back', async () => {
  const { session, state } = await openSession(two);
  await session.adapters.remove('a');
  assert.equal(state().announcement, '“Adapter a” deleted.');
  await session.frames.draft();
  await session.frames.collect();
  await session.frames.remove(state().frames[0]?.id ?? '');
  assert.equal(state().announcement, 'Frame 1 removed from the set.');
  await session.segmenting.segment('series');
  assert.equal(state().announcement, '6 frames segmented.');
});

test('an unfinished run that was discarded can be had back, and is only then gone', async () => {
  const choices = {
    name: 'Vein · 3 frames',
    model: 'salt-tiny',
    words: ['Vein'],
    method: 'salt',
    budget: { kind: 'steps', steps: 9 },
    seed: 1,
  } as const;
  const { session, backend, state } = await openSession({
    prepare: (fake) =>
      (fake.unfinishedList = [{ id: 'u', choices, frames: 3, step: 40, startedAt: '2026-11-25T12:00:00Z' }]),
  });
  await session.adapters.discardUnfinished('u');
  assert.deepEqual(state().unfinished, []);
  assert.equal(state().undo?.text, '“Vein · 3 frames” discarded.');
  await session.adapters.refreshLists();
  assert.deepEqual(state().unfinished, [], 'nor does another window bring it back');
  assert.equal(backend.unfinishedList.length, 1);
  await session.undo();
  assert.equal(state().unfinished.length, 1);
  await session.adapters.discardUnfinished('u');
  await session.dispose();
  assert.deepEqual(backend.unfinishedList, []);
});

const added = { id: 'sam.pth', title: 'My SAM', bytes: 1, origin: 'stored', knowsWords: false } as const;

test('an added model that was removed can be had back, and is only then gone', async () => {
  const { session, backend, state } = await openSession({
    prepare: (fake) => (fake.modelList = [...fake.modelList, added]),
  });
  const shown = () => state().models.map(({ id }) => id);
  await session.adapters.removeModel('sam.pth');
  assert.deepEqual(shown(), ['salt-tiny']);
  assert.equal(backend.modelList.length, 2);
  await session.undo();
  assert.deepEqual(shown(), ['salt-tiny', 'sam.pth']);
  await session.adapters.removeModel('sam.pth');
  await session.dispose();
  assert.equal(backend.modelList.length, 1);
});

test('what was removed stays where it is added again or the back end refuses, and is shown then', async () => {
  const { session, backend, state } = await openSession({
    prepare: (fake) => (fake.modelList = [...fake.modelList, added]),
  });
  backend.importModel = async () => added;
  await session.adapters.removeModel('sam.pth');
  await session.adapters.importModel([new File(['x'], 'sam.pth')]);
  assert.equal(state().models.length, 2);
  await session.dispose();
  assert.equal(backend.modelList.length, 2);
  backend.removeModel = () => Promise.reject(new Error('A run needs it.'));
  await session.adapters.removeModel('sam.pth');
  await quietly(() => session.dispose());
  assert.match(state().problems[0]?.message ?? '', /A run needs it/u);
  assert.equal(state().models.length, 2);
});

test('an adapter of an added model names it by its title, and by what is known once it is gone', async () => {
  const id = 'f'.repeat(64);
  const adapter = makeAdapter('a', { model: id });
  const { session } = await openSession({
    prepare: (fake) => (fake.modelList = [...fake.modelList, { ...added, id }]),
  });
  const row = createElement(AdapterRow, { adapter });
  assert.match(drawn(session, row), /SALT on My SAM, 3 frames/u);
  await session.adapters.removeModel(id);
  assert.match(drawn(session, row), /SALT on f{64}, 3 frames/u);
});

test('an adapter that is deleted while the lists are read does not come back with them', async () => {
  const { session, backend, state } = await openSession(two);
  const { promise, resolve } = withResolvers<number>();
  backend.storedBytes = () => promise;
  const reading = session.adapters.refreshLists();
  await wait(10);
  await session.adapters.remove('a');
  resolve(1);
  await reading;
  assert.deepEqual(
    state().adapters.map(({ id }) => id),
    ['b'],
  );
});

test('a list that cannot be read keeps the others from nothing, and is told', async () => {
  const { session, backend, state } = await openSession();
  backend.models = () => Promise.reject(new Error('offline'));
  backend.adapterList = [makeAdapter('a')];
  await assert.rejects(session.adapters.refreshLists(), /offline/);
  assert.equal(state().adapters.length, 1);
  assert.equal(state().models.length, 1);
});

test('the source falls back to the shipped model when its adapter is deleted', async () => {
  const { session, backend } = await openSession(two);
  await session.adapters.use({ kind: 'adapter', id: 'a' });
  await session.frames.draft();
  await session.adapters.remove('a');
  await session.frames.draft();
  assert.deepEqual(
    backend.requests.map(({ source }) => source.id),
    ['a', 'salt-tiny'],
  );
});

test('names are unique and never empty', async () => {
  const { session, state } = await openSession(two);
  await session.adapters.rename('a', ' Adapter b ');
  assert.ok(state().adapters.some(({ id, name }) => id === 'a' && name === 'Adapter b (2)'));
  await quietly(() => session.adapters.rename('a', '  '));
  assert.match(state().problems[0]?.message ?? '', /name/);
  await session.adapters.importFile(new File(['x'], 'Adapter b.safetensors'));
  assert.ok(state().adapters.some(({ name }) => name === 'Adapter b' + ' (3)'));
});

test('adapters are compared on held-out frames where there are any', async () => {
  const { session, backend, state, viewer, series } = await openSession(two);
  for (const index of [0, 2, 4, 5]) {
    viewer.open(series[0], index);
    await session.frames.draft();
    await session.frames.collect();
  }
  await session.adapters.compare([
    { kind: 'adapter', id: 'a' },
    { kind: 'model', id: 'salt-tiny' },
  ]);
  assert.deepEqual(
    backend.evaluations.map(({ annotations }) => annotations.length),
    [1, 1],
  );
  assert.deepEqual(state().comparison, {
    frames: 1,
    trainedOn: false,
    rows: [
      { name: 'Adapter a', score: { dice: 0.8, hd95: 4 } },
      { name: 'SALT tiny', score: { dice: 0.6, hd95: 4 } },
    ],
  });
});

test('using an adapter brings its words', async () => {
  const { session, state } = await openSession({
    prepare: (backend) => (backend.adapterList = [makeAdapter('a', { words: ['vein', 'Catheter'] })]),
  });
  await session.adapters.use({ kind: 'adapter', id: 'a' });
  assert.deepEqual(state().settings.words, ['Vein', 'Catheter']);
});

test('an added model becomes the base model', async () => {
  const { session, state } = await openSession();
  await session.adapters.importModel([new File(['x'], 'sam.pth')]);
  assert.equal(state().settings.model, 'sam.pth');
  assert.equal(state().importing, undefined);
});

test('erasing everything empties set, lists and storage', async () => {
  const { session, state, storage } = await openSession(two);
  await session.frames.draft();
  await session.frames.collect();
  await session.adapters.eraseAll();
  assert.deepEqual([state().frames, state().adapters, await storage.frames()], [[], [], []]);
});

test('what is stored in the browser counts the set, as it is', async () => {
  const { session, backend, state } = await openSession();
  backend.storedBytes = async () => 0;
  await session.adapters.refreshLists();
  assert.equal(bytesInBrowser(state()), 0);
  await session.words.add('Catheter');
  await session.frames.collectEmpty();
  // Each pixel takes a byte in the frame, and one in the mask of each word.
  assert.equal(bytesInBrowser(state()), 3 * SIDE ** 2);
  await session.frames.remove(state().frames[0]!.id);
  assert.equal(bytesInBrowser(state()), 0);
  assert.equal(bytesInBrowser({ ...state(), storedBytes: undefined }), undefined);
});

test('file names are safe on every system', () => {
  assert.equal(adapterFileName({ name: 'Vein · 3 frames / "x"' }), 'Vein-3-frames-x.safetensors');
});

test('only models that are shipped are listed as such, and others beside them', async () => {
  const { session } = await openSession({
    prepare: (fake) => (fake.modelList = [...fake.modelList, { ...added, knowsWords: true }]),
  });
  const groups = drawn(session, createElement(SourceField))
    .split('<optgroup')
    .slice(1)
    .map((group) => [...group.matchAll(/label="([^"]*)"|>([^<]+)<\/option>/gu)].map(([, a, b]) => a ?? b));
  assert.deepEqual(groups, [
    ['As shipped', 'SALT tiny'],
    ['As added', 'My SAM'],
  ]);
});
