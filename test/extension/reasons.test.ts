import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createElement } from 'react';
import { SegmentActions } from '../../extension/src/panel/segment/SegmentActions.tsx';
import { drawn } from './drawn.ts';
import { openSession } from './open-session.ts';

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
