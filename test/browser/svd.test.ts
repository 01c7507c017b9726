import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { svd } from '../../src/linalg/svd.ts';
import { gaussian } from '../linalg/matrices.ts';
import { runInPage, skipWithoutChromium } from './harness.ts';
import type { Arguments, Result } from './pages/svd.ts';

describe('SVDs in Chromium', { skip: skipWithoutChromium }, () => {
  test('two Web Workers give the bits that Node gives, pass on failures and can be ended', async () => {
    const shapes = [
      [60, 40],
      [40, 90],
      [5, 5],
    ] as const;
    const argument: Arguments = { shapes };
    const { factors, ...rest } = await runInPage<Result>('svd', argument);
    shapes.forEach(([rows, cols], i) => {
      const { u, s, vt } = svd(gaussian(rows, cols, rows), rows, cols);
      assert.deepEqual(factors[i], [...u, ...s, ...vt]);
    });
    assert.equal(rest.notFinite, 'NOT_FINITE');
    assert.equal(rest.cancelled, 'CANCELLED');
    assert.equal(rest.finishedAnyway, 0);
  });
});
