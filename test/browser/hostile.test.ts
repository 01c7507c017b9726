import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInPage, skipWithoutChromium } from './harness.ts';
import type { Result } from './pages/worker-hostile.ts';

describe('frames that are not what they should be, in Chromium', { skip: skipWithoutChromium }, () => {
  test('are refused by name and leave nothing behind; an empty mask is as good as any', async () => {
    const { training, segmenting, ...afterwards } = await runInPage<Result>('worker-hostile', {});
    const start = 'INVALID_ARGUMENT: The run cannot be started like this';
    assert.deepEqual(training, {
      'a NaN': 'NOT_FINITE: Frame frame 1 has the value NaN at column 7, row 0.',
      'a truncated frame': `${start} (annotations.0.frame: a frame has as many values as its size says).`,
      'a truncated mask': `${start} (annotations.0.masks.0.mask: a mask has as many values as its size says).`,
      'a mask of another size': `${start} (annotations.0: a mask is as large as its frame).`,
      'no pixels':
        `${start} (annotations.0.frame.width: Too small: expected number to be >=1; ` +
        'annotations.0.frame.height: Too small: expected number to be >=1; annotations.0: a mask is as large as its frame).',
    });
    assert.deepEqual(segmenting, {
      'a NaN': 'NOT_FINITE: The frame has the value NaN at column 7, row 0.',
      'a truncated frame': 'INVALID_ARGUMENT: The frame has 2875 values, but its size is 60 x 48 x 1.',
      'no pixels': 'INVALID_ARGUMENT: The frame has 0 values, but its size is 0 x 0 x 1.',
    });
    assert.deepEqual(afterwards, {
      left: { unfinished: 0, adapters: 0 },
      outcome: 'finished',
      lossesFinite: true,
      probabilities: 60 * 48,
    });
  });
});
