import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { makeAdapter, withResolvers } from './fake-backend.ts';
import type { Opened } from './open-session.ts';
import { openSession, quietly, segmentationOf } from './open-session.ts';

async function collectThree(opened: Opened): Promise<void> {
  const { session, viewer, series } = opened;
  for (const index of [0, 2, 4]) {
    viewer.open(series[0], index);
    await session.frames.draft();
    await session.frames.collect();
  }
}

test('fine-tuning collects what is painted first, holds the fourth frame out and shows an unseen one', async () => {
  const opened = await openSession();
  const { session, viewer, series, backend, state, until } = opened;
  await session.frames.draft();
  const { id } = segmentationOf(opened, 'A');
  for (const index of [1, 2, 3, 4]) viewer.paint(id, 1, series[0].frames[index]!, [7, 8, 9]);
  await until(({ place }) => place?.uncollected === 4);
  await session.training.start();
  const request = backend.runs[0]?.request;
  assert.ok(request);
  assert.deepEqual(
    request.annotations.map(({ role }) => role),
    ['train', 'train', 'train', 'heldOut'],
  );
  assert.ok(request.preview);
  assert.deepEqual(request.choices, {
    name: 'Vein · 4 frames',
    model: 'salt-tiny',
    words: ['Vein'],
    method: 'salt',
    budget: { kind: 'minutes', minutes: 1.5, leastSteps: 24 },
    seed: 1,
  });
  assert.equal(state().training.status, 'preparing');
  assert.ok(request.annotations.every(({ group }) => group === 'P1'));
});

test('a frame to watch that cannot be read keeps no run from being started', async () => {
  const opened = await openSession();
  const { session, viewer, series, backend, state } = opened;
  await session.frames.draft();
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[0]!, [7, 8, 9]);
  await session.frames.collect();
  viewer.open(series[0], 5);
  viewer.failNext('framePixels', new Error('the archive does not answer'));
  const { warn } = console;
  console.warn = () => {};
  await session.training.start();
  console.warn = warn;
  assert.equal(backend.runs.length, 1);
  assert.equal(backend.runs[0]?.request?.preview, undefined);
  assert.deepEqual(state().problems, []);
});

test('a word that is spelt in two ways is learnt as one, from every frame', async () => {
  const opened = await openSession();
  const { session, backend } = opened;
  await collectThree(opened);
  await session.words.remove('Vein');
  await session.words.add('vein');
  opened.viewer.open(opened.series[0], 1);
  const { id } = segmentationOf(opened, 'A');
  opened.viewer.paint(id, 1, opened.series[0].frames[1]!, [7, 8, 9]);
  await session.training.start();
  const request = backend.runs[0]?.request;
  assert.deepEqual(request?.choices.words, ['Vein']);
  assert.deepEqual(
    request.annotations.map(({ masks }) => masks.map(({ word }) => word)),
    [['Vein'], ['Vein'], ['Vein'], ['Vein']],
  );
});

test('no run begins without what was painted for it: where the set takes no more, that is told', async () => {
  const storage = memoryStorage();
  const put = async () => {
    throw new SaltError('FILE_UNWRITABLE', 'full');
  };
  const opened = await openSession({ storage: { ...storage, put } });
  const { session, viewer, series, backend, state, until } = opened;
  await session.frames.draft();
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[1]!, [7, 8, 9]);
  await until(({ place }) => place?.uncollected === 1);
  await quietly(() => session.training.start());
  assert.equal(backend.runs.length, 0);
  assert.equal(state().training.status, 'idle');
  assert.deepEqual(
    state().problems.map(({ where }) => where),
    ['frames', 'train'],
  );
  assert.match(state().problems[1]?.message ?? '', /^What you painted could not be collected/);
});

test('a run that is asked for while frames are being collected waits for them', async () => {
  const storage = memoryStorage();
  const written = withResolvers<undefined>();
  const slow: typeof storage = {
    ...storage,
    put: async (frames) => {
      await written.promise;
      await storage.put(frames);
    },
  };
  const opened = await openSession({ storage: slow });
  const { session, viewer, series, backend, state, until } = opened;
  await session.frames.draft();
  const { id } = segmentationOf(opened, 'A');
  for (const index of [1, 2]) viewer.paint(id, 1, series[0].frames[index]!, [7, 8, 9]);
  await until(({ place }) => place?.uncollected === 2);
  const collecting = session.frames.collectPainted();
  const starting = session.training.start();
  await until(({ busy }) => busy['train'] === true);
  written.resolve(undefined);
  await Promise.all([collecting, starting]);
  assert.deepEqual(state().problems, []);
  assert.equal(backend.runs[0]?.request?.annotations.length, 2);
});

test('a second run goes on from the adapter in use, unless one starts anew or another method is chosen', async () => {
  const opened = await openSession();
  const { session, backend, until } = opened;
  await collectThree(opened);
  const trainAgain = async (run: number): Promise<string | undefined> => {
    await session.training.start();
    const started = backend.runs[run];
    assert.ok(started?.request);
    const adapter = makeAdapter(`adapter ${run}`, { method: session.store.getState().settings.method });
    backend.adapterList = [adapter, ...backend.adapterList];
    started.end({ kind: 'finished', adapter });
    await until(
      ({ training, settings }) => training.status === 'finished' && settings.source?.id === adapter.id,
    );
    return started.request.from;
  };
  assert.equal(await trainAgain(0), undefined);
  assert.equal(await trainAgain(1), 'adapter 0');
  session.change({ goOn: false });
  assert.equal(await trainAgain(2), undefined);
  session.change({ goOn: true, method: 'lora' });
  assert.equal(await trainAgain(3), undefined, 'the chosen adapter is one of SALT');
  assert.equal(await trainAgain(4), 'adapter 3');
});

test('a finished run becomes the source and segments the series on screen by itself', async () => {
  const opened = await openSession();
  const { session, backend, state, until, viewer } = opened;
  await collectThree(opened);
  await session.training.start();
  const adapter = makeAdapter('new', { name: 'Vein · 3 frames' });
  backend.adapterList = [adapter];
  backend.runs[0]?.end({ kind: 'finished', adapter });
  await until(({ segmenting }) => segmenting.status === 'done');
  assert.deepEqual(state().settings.source, { kind: 'adapter', id: 'new' });
  assert.equal(state().training.status, 'finished');
  const results = viewer.segmentations('A').find(({ label }) => label === 'Vein · 3 frames');
  assert.ok(results);
  assert.equal(viewer.paintedFrames(results.id).length, 6);
  assert.equal(backend.requests.filter(({ source }) => source.id === 'new').length, 6);
});

test('a run has finished though the models cannot be listed just then', async () => {
  const opened = await openSession();
  const { session, backend, state, until } = opened;
  await collectThree(opened);
  await session.training.start();
  const adapter = makeAdapter('new', { name: 'Vein · 3 frames' });
  backend.adapterList = [adapter];
  backend.models = () => Promise.reject(new SaltError('FILE_UNREADABLE', 'offline'));
  backend.runs[0]?.end({ kind: 'finished', adapter });
  await quietly(() => until(({ segmenting }) => segmenting.status === 'done'));
  assert.equal(state().training.status, 'finished');
  assert.deepEqual(state().settings.source, { kind: 'adapter', id: 'new' });
  assert.equal(backend.requests.filter(({ source }) => source.id === 'new').length, 6);
  assert.deepEqual(state().problems, []);
});

test('drafts may be drawn at another threshold: what is taught with them is shown at its own', async () => {
  const opened = await openSession();
  const { session, backend, state, until } = opened;
  await collectThree(opened);
  await session.segmenting.commit({ threshold: 0.7 });
  await session.training.start();
  const adapter = makeAdapter('new');
  backend.adapterList = [adapter];
  backend.runs[0]?.end({ kind: 'finished', adapter });
  await until(({ training }) => training.status === 'finished');
  assert.equal(state().settings.threshold, 0.5);
});

test('a run that finishes while another series is on screen segments the one that it was started on', async () => {
  const opened = await openSession();
  const { session, backend, until, viewer, series } = opened;
  await collectThree(opened);
  await session.training.start();
  viewer.open(series[1], 0);
  const adapter = makeAdapter('new', { name: 'Vein · 3 frames' });
  backend.adapterList = [adapter];
  backend.runs[0]?.end({ kind: 'finished', adapter });
  await until(({ segmenting }) => segmenting.status === 'done');
  const labels = (id: string) => viewer.segmentations(id).map(({ label }) => label);
  assert.ok(labels(series[0].id).includes('Vein · 3 frames'));
  assert.deepEqual(labels(series[1].id), []);
});

test('a run is for the series that it was asked for on, whatever is opened while it is prepared', async () => {
  const opened = await openSession();
  const { session, backend, until, viewer, series } = opened;
  await session.frames.draft();
  const { id } = segmentationOf(opened, 'A');
  for (const index of [1, 2]) viewer.paint(id, 1, series[0].frames[index]!, [7, 8, 9]);
  await until(({ place }) => place?.uncollected === 2);
  const framePixels = viewer.framePixels.bind(viewer);
  const watched: string[] = [];
  viewer.framePixels = async (ref) => {
    watched.push(ref.seriesInstanceUid);
    await wait(20);
    return framePixels(ref);
  };
  const starting = session.training.start();
  await wait(5);
  viewer.open(series[1], 0);
  await starting;
  assert.deepEqual(watched, Array(3).fill(series[0].seriesInstanceUid));
  const adapter = makeAdapter('new', { name: 'Vein · 2 frames' });
  backend.adapterList = [adapter];
  backend.runs[0]?.end({ kind: 'finished', adapter });
  await until(({ segmenting }) => segmenting.status === 'done');
  assert.ok(viewer.segmentations('A').some(({ label }) => label === 'Vein · 2 frames'));
  assert.deepEqual(viewer.segmentations('B'), []);
});

test('a run that finishes while its series is not open segments nothing', async () => {
  const opened = await openSession();
  const { session, backend, state, until, viewer, series } = opened;
  await collectThree(opened);
  await session.training.start();
  viewer.close(series[0]);
  viewer.open(series[1], 0);
  const adapter = makeAdapter('new', { name: 'Vein · 3 frames' });
  backend.adapterList = [adapter];
  backend.runs[0]?.end({ kind: 'finished', adapter });
  await until(({ training }) => training.status === 'finished');
  // Long enough for a job to have begun, if there were one.
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(backend.requests.filter(({ source }) => source.id === 'new').length, 0);
  assert.deepEqual(viewer.segmentations(series[1].id), []);
  assert.deepEqual(state().problems, []);
});

test('progress, curves, pause and the choice to keep or discard', async () => {
  const opened = await openSession();
  const { session, backend, state, until } = opened;
  await collectThree(opened);
  await session.training.start();
  const run = backend.runs[0]!;
  run.emit({ kind: 'preparing', what: 'svd', fraction: 0.25 });
  assert.deepEqual(state().training.preparing, { what: 'svd', fraction: 0.25 });
  run.emit({ kind: 'training', event: { kind: 'planned', steps: 10, evaluateEvery: 5 } });
  run.emit({
    kind: 'training',
    event: {
      kind: 'step',
      step: 1,
      epoch: 1,
      loss: { focal: 0.1, dice: 0.2, penalty: 0, total: 0.3 },
      learningRate: 0.001,
      gradientNorm: 1,
      imagesPerSecond: 2,
      fraction: 0.1,
      secondsLeft: 9,
    },
  });
  run.emit({
    kind: 'training',
    event: { kind: 'evaluation', step: 1, epoch: 1, score: { dice: 0.5, hd95: 3 }, best: true },
  });
  const { training } = state();
  assert.equal(training.status, 'running');
  assert.equal(training.secondsLeft, 9);
  assert.deepEqual(training.log.loss, [{ step: 1, value: 0.3 }]);
  assert.deepEqual(training.log.dice, [{ step: 1, value: 0.5 }]);
  session.training.pause();
  assert.deepEqual(run.asked, ['pause']);
  backend.unfinishedList = [
    { id: 'u1', choices: run.request!.choices, frames: 3, step: 1, startedAt: '2026-11-25T12:00:00Z' },
  ];
  run.end({ kind: 'paused', step: 1 });
  await until(({ unfinished }) => unfinished.length === 1);
  assert.equal(state().training.status, 'idle');
  await session.training.resume('u1');
  assert.equal(backend.runs[1]?.resumed, 'u1');
  assert.equal(state().training.name, 'Vein · 3 frames');
  session.training.discard();
  assert.deepEqual(backend.runs[1].asked, ['discard']);
});

test('a run that fails says so in its section and can be continued', async () => {
  const opened = await openSession();
  const { session, backend, state, until } = opened;
  await collectThree(opened);
  await session.training.start();
  backend.unfinishedList = [
    {
      id: 'u1',
      choices: backend.runs[0]!.request!.choices,
      frames: 3,
      step: 40,
      startedAt: '2026-11-25T12:00:00Z',
    },
  ];
  await quietly(async () => {
    backend.runs[0]?.fail(new SaltError('DEVICE_LOST', 'The graphics card was lost. Continue the run.'));
    await until(({ unfinished }) => unfinished.length === 1);
  });
  assert.deepEqual(
    state().problems.map(({ where, message }) => [where, message]),
    [['train', 'The graphics card was lost. Continue the run.']],
  );
  assert.equal(state().training.status, 'idle');
});

test('a run that the back end does not take leaves nothing behind, and can be started or gone on with again', async () => {
  const opened = await openSession();
  const { session, backend, state } = opened;
  await collectThree(opened);
  const sound = { ...backend };
  const refuse = () => {
    throw new Error('could not be cloned');
  };
  Object.assign(backend, { train: refuse, resume: refuse });
  for (const begin of [() => session.training.start(), () => session.training.resume('u1')]) {
    await quietly(begin);
    assert.equal(state().training.status, 'idle');
    assert.match(state().problems[0]?.message ?? '', /could not be cloned/);
  }
  Object.assign(backend, sound);
  await session.training.start();
  assert.equal(state().training.status, 'preparing');
  assert.deepEqual(state().problems, []);
});

test('a set without paint, or with everything held out, is refused with what to do', async () => {
  const { session, backend, state } = await openSession();
  await session.frames.collectEmpty();
  await quietly(() => session.training.start());
  assert.match(state().problems[0]?.message ?? '', /all empty/);
  await session.frames.setRole(state().frames[0]?.id ?? '', 'heldOut');
  await quietly(() => session.training.start());
  assert.match(state().problems[0]?.message ?? '', /held out/);
  assert.equal(backend.runs.length, 0);
});

test('a second run is not started beside the first', async () => {
  const opened = await openSession();
  await collectThree(opened);
  await opened.session.training.start();
  await quietly(() => opened.session.training.start());
  assert.equal(opened.backend.runs.length, 1);
});

test('messages of the back end are introduced in German', async () => {
  const opened = await openSession({ language: 'de-CH' });
  const { session, backend, state } = opened;
  backend.beforeSegment = () => {
    throw new SaltError('OUT_OF_MEMORY', 'No memory.');
  };
  await quietly(() => session.frames.draft());
  assert.match(state().problems[0]?.message ?? '', /^Der Speicher reicht nicht.*\(No memory\.\)$/);
});
