import assert from 'node:assert/strict';
import type { Verification } from '../../../src/training/verify.ts';

/** What float32 should reach with the well-conditioned reference models; the limits of verification allow more. */
const TYPICAL = 2e-5;

/** Every group was compared, and agrees as well as it should. */
export function assertTypical({ groups, passed }: Verification): void {
  const worst = groups.map(({ group, comparisons }) => ({ group, ...comparisons[0] }));
  assert.ok(passed, JSON.stringify(worst));
  for (const { error } of worst) assert.ok(error !== undefined && error < TYPICAL, JSON.stringify(worst));
}
