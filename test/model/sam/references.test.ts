import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { openNodeDevice } from '../../../src/runtime/node.ts';
import { verifyReference } from '../../../src/training/verify.ts';
import { openReference } from './helpers.ts';

/** What float32 should reach with these well-conditioned models; the limits of verification allow much more. */
const TYPICAL = 2e-5;

describe("the numbers of Meta's modules in PyTorch", async () => {
  const { executor } = await openNodeDevice('cpu', { threads: 1 });
  after(() => executor.dispose());

  for (const name of ['window-padding', 'all-global', 'batch-2', 'resized-positions', 'odd-sizes']) {
    for (const plan of ['whole', 'staged'] as const) {
      test(`${name}, ${plan} plan`, async () => {
        const { groups, passed } = await verifyReference(await openReference(name), executor, { plan });
        const worst = groups.map(({ group, comparisons }) => [group, comparisons.length, comparisons[0]]);
        assert.ok(passed, JSON.stringify(worst));
        assert.deepEqual(
          groups.map(({ comparisons }) => comparisons.length > 0 && (comparisons[0]?.error ?? 1) < TYPICAL),
          [true, true, true, true],
          JSON.stringify(worst),
        );
      });
    }
  }
});
