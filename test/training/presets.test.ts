import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUGMENTATIONS } from '../../src/training/augmentation.ts';
import { PRETRAINED_PRESET } from '../../src/training/presets.ts';
import { settingsOf } from '../../src/training/run-choices.ts';

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
