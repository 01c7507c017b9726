import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUGMENTATIONS } from '../../src/training/augmentation.ts';
import { PRETRAINED_PRESET, detailSide, segmentingSide } from '../../src/training/presets.ts';
import { settingsOf } from '../../src/training/run-choices.ts';

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

test('a rate that was chosen holds whatever the length of the run', () => {
  const choices = { words: ['vessel'], budget: { steps: 1000 }, seed: 1 };
  const own = settingsOf(choices, PRETRAINED_PRESET).schedule;
  assert.deepEqual(own.longRun, PRETRAINED_PRESET.settings.schedule.longRun);
  assert.ok(own.longRun && own.longRun.learningRate > own.learningRate);
  const chosen = settingsOf({ ...choices, learningRate: 0.004 }, PRETRAINED_PRESET).schedule;
  assert.deepEqual([chosen.learningRate, chosen.longRun], [0.004, null]);
});

test('what follows from the frames holds unless something else was chosen', () => {
  const choices = { words: ['artery', 'vein'], budget: { steps: 100 }, seed: 1 };
  const derived = { augmentation: AUGMENTATIONS.words };
  assert.deepEqual(settingsOf(choices, PRETRAINED_PRESET).augmentation, AUGMENTATIONS.vessels);
  assert.deepEqual(settingsOf(choices, PRETRAINED_PRESET, derived).augmentation, AUGMENTATIONS.words);
  const chosen = settingsOf({ ...choices, augmentation: 'none' }, PRETRAINED_PRESET, derived);
  assert.deepEqual(chosen.augmentation, AUGMENTATIONS.none);
});
