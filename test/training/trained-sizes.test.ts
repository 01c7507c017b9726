import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUGMENTATIONS } from '../../src/training/augmentation.ts';
import { detailSide, segmentingSide } from '../../src/training/trained-sizes.ts';

test('a model with a detail head sees frames at their own size, up to a quarter above the usual', () => {
  const sides = [300, 512, 584, 608, 768, 1024].map((longest) => detailSide(1024, 16, longest, false));
  assert.deepEqual(sides, [512, 512, 592, 608, 640, 640]);
  assert.equal(detailSide(64, 8, 512, false), 80);
});

test('in tiles it sees larger ones at their own size, too', () => {
  const sides = [300, 584, 752, 999, 1024, 1500].map((longest) => detailSide(1024, 16, longest, true));
  assert.deepEqual(sides, [512, 592, 752, 1008, 1024, 1024]);
});

test('what has seen vessels of all sizes is shown enlarged frames, what has not is not', () => {
  const { vessels, none, slight, published, words } = AUGMENTATIONS;
  assert.deepEqual(
    [512, 592, 608, 640].map((side) => segmentingSide(side, 16, vessels)),
    [640, 752, 768, 800],
  );
  assert.deepEqual(
    [none, slight, published, words].map((augmentation) => segmentingSide(512, 16, augmentation)),
    [512, 512, 512, 512],
  );
  // As a multiple it would be 1.4 times as large.
  assert.equal(segmentingSide(80, 16, vessels), 80);
});
