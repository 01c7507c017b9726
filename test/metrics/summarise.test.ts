import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MaskScores } from '../../src/metrics/compare-masks.ts';
import { METRICS, summarise } from '../../src/metrics/summarise.ts';

const perfect: MaskScores = {
  dice: 1,
  iou: 1,
  clDice: 1,
  sensitivity: 1,
  specificity: 1,
  precision: 1,
  hd95: 0,
  hd95Mm: null,
  predictionEmpty: false,
  referenceEmpty: false,
};

test('mean, sample deviation and number of values', () => {
  const { images, metrics } = summarise([perfect, { ...perfect, dice: 0.5 }, { ...perfect, dice: 0 }]);
  assert.equal(images, 3);
  assert.deepEqual(metrics.dice, { mean: 0.5, std: 0.5, n: 3 });
  assert.deepEqual(metrics.hd95, { mean: 0, std: 0, n: 3 });
});

test('images without a value do not count', () => {
  const { metrics } = summarise([perfect, { ...perfect, sensitivity: null, hd95Mm: 4 }]);
  assert.deepEqual(metrics.sensitivity, { mean: 1, std: null, n: 1 });
  assert.deepEqual(metrics.hd95Mm, { mean: 4, std: null, n: 1 });
});

test('images with empty masks are counted by kind', () => {
  const { bothEmpty, oneEmpty } = summarise([
    perfect,
    { ...perfect, predictionEmpty: true },
    { ...perfect, referenceEmpty: true },
    { ...perfect, predictionEmpty: true, referenceEmpty: true },
  ]);
  assert.deepEqual([bothEmpty, oneEmpty], [1, 2]);
});

test('no images give no means', () => {
  const { images, metrics } = summarise([]);
  assert.equal(images, 0);
  for (const metric of METRICS) assert.deepEqual(metrics[metric], { mean: null, std: null, n: 0 });
});
