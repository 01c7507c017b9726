import assert from 'node:assert/strict';
import { P, STEPS, W, X } from './scenario.ts';
import type { misuses, roundTrips, train } from './scenario.ts';

/** The same training in float64, in plain loops. */
function expectedTraining(): { losses: number[]; p: number[] } {
  const target = [0, 1].flatMap((row) =>
    [0, 1].map((column) =>
      [0, 1, 2].reduce((sum, k) => sum + (X[row * 3 + k] ?? 0) * (W[k * 2 + column] ?? 0), 0),
    ),
  );
  let p = P;
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    losses.push(p.reduce((sum, value, i) => sum + (value - (target[i] ?? 0)) ** 2, 0));
    p = p.map((value, i) => value - 0.1 * (value - (target[i] ?? 0)));
  }
  return { losses, p };
}

export function assertClose(actual: readonly number[], expected: readonly number[], relative: number): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => {
    const error = Math.abs((actual[i] ?? NaN) - value) / Math.max(1, Math.abs(value));
    assert.ok(error <= relative, `value ${i}: ${actual[i]} instead of ${value}`);
  });
}

export function assertTraining(actual: Awaited<ReturnType<typeof train>>): void {
  const expected = expectedTraining();
  assertClose(actual.losses, expected.losses, 1e-6);
  assertClose(actual.p, expected.p, 1e-6);
}

/** On an accelerator all but the loss stays there. */
export function assertResident(actual: Record<string, string>, where: 'gpu-buffer' | 'cpu'): void {
  assert.deepEqual(actual, { p: where, x: where, w: where, next: where, loss: 'cpu' });
}

export function assertRoundTrips(actual: Awaited<ReturnType<typeof roundTrips>>): void {
  assert.deepEqual(actual, [
    { dtype: 'float32', shape: [2, 2], data: [1.5, -2, 0, Math.fround(3e-30)] },
    { dtype: 'float32', shape: [], data: [7] },
    { dtype: 'int32', shape: [3], data: [-1, 0, 2 ** 30] },
    { dtype: 'bool', shape: [1, 5], data: [0, 1, 1, 0, 1] },
    { dtype: 'uint8', shape: [5], data: [0, 1, 128, 254, 255] },
  ]);
}

export function assertMisuses(actual: Awaited<ReturnType<typeof misuses>>): void {
  const expected: Record<string, RegExp> = {
    'disposed feed': /^INVALID_ARGUMENT: A float32 tensor of shape \[2, 2\] was used after it was disposed/,
    'disposed download': /^INVALID_ARGUMENT: .* after it was disposed/,
    'missing feed': /^INVALID_ARGUMENT: The graph's input "w" was not fed/,
    'surplus feed': /^INVALID_ARGUMENT: The graph has no input "q"/,
    'foreign feed': /^INVALID_ARGUMENT: A tensor was used on another device/,
    'wrong shape': /^GRAPH_INVALID: Running the graph on \w+ failed: .*invalid dimensions for input: p/i,
    'unknown host output': /^INVALID_ARGUMENT: The graph has no output "grad"; it has next, loss/,
    'broken model': /^GRAPH_INVALID: /,
    'disposed program': /^INVALID_ARGUMENT: A program was run after it was disposed/,
  };
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort());
  for (const [name, pattern] of Object.entries(expected)) assert.match(actual[name] ?? '', pattern, name);
}
