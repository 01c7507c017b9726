import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LONGEST, runLength } from '../../src/protocol/run-length.ts';

describe('runLength', () => {
  it('is the time that was given, where the steps fit into it', () => {
    assert.deepEqual(runLength(90, 24, 1.5), { steps: 60, seconds: 90 });
    assert.deepEqual(runLength(90, 0, 200), { steps: 1, seconds: 90 });
  });

  it('is that of the least number of steps on a slower machine', () => {
    assert.deepEqual(runLength(90, 24, 5), { steps: 24, seconds: 120 });
    // 24 times 5.67 s is not quite 24 steps of 5.67 s in floating point.
    assert.equal(runLength(90, 24, 5.67).steps, 24);
  });

  it('has an end on the slowest', () => {
    assert.deepEqual(runLength(90, 24, 30), { steps: 9, seconds: LONGEST * 90 });
  });
});
