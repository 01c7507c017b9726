import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameId } from '../../extension/src/store/collected-frame.ts';
import { chooseNext } from '../../extension/src/workflow/frames/next-frame.ts';
import { makeSeries } from './fake-viewer.ts';

const series = makeSeries('A', 9);
const collected = (...numbers: number[]) =>
  new Set(series.frames.filter(({ frameNumber }) => numbers.includes(frameNumber)).map(frameId));
const none = series.frames.map(() => null);

test('before anything is known: the middle of the run', () => {
  assert.equal(chooseNext(series, collected(), none, 0), 4);
});

test('with some collected: the one furthest from all of them', () => {
  assert.equal(chooseNext(series, collected(1), none, 0), 8);
  assert.equal(chooseNext(series, collected(1, 9), none, 0), 4);
});

test('once segmented: the least sure that is not collected and not on screen', () => {
  const uncertainty = [0.1, 0.9, 0.3, 0.8, 0, 0, 0, 0, null];
  assert.equal(chooseNext(series, collected(2), uncertainty, 0), 3);
  assert.equal(chooseNext(series, collected(2), uncertainty, 3), 2);
});

test('the frame on screen where it is the only one left, none where all are collected', () => {
  assert.equal(chooseNext(series, collected(1, 2, 3, 4, 6, 7, 8, 9), none, 4), 4);
  assert.equal(chooseNext(series, collected(1, 2, 3, 4, 5, 6, 7, 8, 9), none, 4), undefined);
});
