import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailSide } from '../../src/training/presets.ts';

test('a model with a detail head sees frames at their own size, up to a quarter above the usual', () => {
  const sides = [300, 512, 584, 608, 768, 1024].map((longest) => detailSide(1024, 16, longest));
  assert.deepEqual(sides, [512, 512, 592, 608, 640, 640]);
  assert.equal(detailSide(64, 8, 512), 80);
});
