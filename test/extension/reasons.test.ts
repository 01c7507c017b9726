import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createElement } from 'react';
import { SegmentActions } from '../../extension/src/panel/segment/SegmentActions.tsx';
import { Unfinished } from '../../extension/src/panel/train/Unfinished.tsx';
import { whyNotTrain } from '../../extension/src/workflow/common/reasons.ts';
import { drawn } from './drawn.ts';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import { withResolvers } from './fake-backend.ts';
import { openSession, segmentationOf } from './open-session.ts';

test('where the viewport shows no image, only all open series can be segmented', async () => {
  const { session, viewer, until } = await openSession();
  viewer.active = () => undefined;
  session.change({});
  await until(({ place }) => place === undefined);
  const shown = drawn(session, createElement(SegmentActions));
  for (const name of ['This series', 'This frame'])
    assert.match(shown, new RegExp(`title="Open a series[^<]*aria-disabled="true"[^<]*>${name}<`, 'u'));
  assert.match(shown, /<button [^<]*>Every open series</u);
  assert.doesNotMatch(shown, /aria-disabled="true"[^<]*>Every open series</u);
});

test('a run that must fail is refused before, unless painted frames will be collected for it', async () => {
  const opened = await openSession();
  const { session, viewer, series, state, until } = opened;
  const why = () => whyNotTrain(state(), session.strings) ?? '';
  assert.match(why(), /^Collect or paint a frame/u);
  await session.frames.collectEmpty();
  assert.match(why(), /all empty/u);
  await session.frames.setRole(state().frames[0]?.id ?? '', 'heldOut');
  assert.match(why(), /held out/u);
  await session.frames.brush('brush');
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[1]!, [7, 8, 9]);
  await until(({ place }) => place?.uncollected === 1);
  assert.equal(why(), '');
  await session.frames.collectPainted();
  assert.equal(why(), '');
});

test('a second press while frames are being collected for a run is told that it is under way', async () => {
  const storage = memoryStorage();
  const written = withResolvers<undefined>();
  const { session, viewer, backend, state, until } = await openSession({
    storage: { ...storage, put: (frames) => written.promise.then(() => storage.put(frames)) },
  });
  await session.frames.draft();
  viewer.open(viewer.series()[0]!, 1);
  await until(({ place }) => place?.frameIndex === 1);
  await session.frames.draft();
  const collecting = session.frames.collect();
  const starting = session.training.start();
  assert.equal(whyNotTrain(state(), session.strings), 'This is under way already.');
  // Another run that was left cannot be gone on with meanwhile either.
  const choices = { name: 'left', model: 'm', words: [], method: 'salt', seed: 1 } as const;
  const left = {
    id: 'u',
    choices: { ...choices, budget: { kind: 'steps', steps: 9 } },
    frames: 1,
    step: 4,
  } as const;
  session.store.setState({ unfinished: [{ ...left, startedAt: '2026-11-25T12:00:00Z' }] });
  assert.match(
    drawn(session, createElement(Unfinished)),
    /title="This is under way already\.[^<]*aria-disabled="true"[^<]*>Continue</u,
  );
  written.resolve(undefined);
  await Promise.all([collecting, starting]);
  assert.equal(backend.runs.length, 1);
});
