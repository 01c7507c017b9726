import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Floats } from '../../src/linalg/gemm.ts';
import { svd, svdFloat64 } from '../../src/linalg/svd.ts';
import type { Svd } from '../../src/linalg/svd.ts';
import {
  compose,
  gaussian,
  relativeError,
  rowsFromOrthonormal,
  transpose,
  withSingularValues,
} from './matrices.ts';

/** Asserts everything that holds for the SVD of any matrix. */
function assertSvd(a: Floats, result: Svd<Floats>, rows: number, cols: number, tolerance: number): void {
  const k = Math.min(rows, cols);
  const { u, s, vt } = result;
  assert.deepEqual([u.length, s.length, vt.length], [rows * k, k, k * cols]);
  for (let i = 0; i < k; i++)
    assert.ok(s[i]! >= 0 && s[i]! <= (s[i - 1] ?? Infinity), `s[${i}] = ${s[i]} out of order`);
  const limit = (name: string, value: number): void => assert.ok(value < tolerance, `${name}: ${value}`);
  limit('reconstruction', relativeError(compose(u, s, vt, rows, cols), a));
  limit('orthogonality of U', rowsFromOrthonormal(transpose(u, rows, k), k, rows));
  limit('orthogonality of V', rowsFromOrthonormal(vt, k, cols));
}

function assertBoth(a: Floats, rows: number, cols: number): void {
  assertSvd(a, svd(a, rows, cols), rows, cols, 1e-6);
  assertSvd(a, svdFloat64(a, rows, cols), rows, cols, 1e-11);
}

const size = fc.integer({ min: 1, max: 70 });
const seed = fc.integer({ min: 0, max: 1e6 });

test('a full matrix of any shape is factored', () => {
  fc.assert(
    fc.property(size, size, seed, (rows, cols, n) => assertBoth(gaussian(rows, cols, n), rows, cols)),
    {
      numRuns: 40,
      examples: [
        [1, 1, 0],
        [1, 70, 0],
        [70, 1, 0],
        [33, 33, 0],
        [64, 65, 0],
      ],
    },
  );
});

test('any singular values, zero, repeated and 1e-20 to 1 apart, are found again', () => {
  const value = fc.oneof(
    fc.constantFrom(0, 1, 1, 0.5),
    fc.double({ min: -20, max: 0, noNaN: true }).map((x) => 10 ** x),
  );
  fc.assert(
    fc.property(
      size,
      size,
      seed,
      fc.array(value, { minLength: 70, maxLength: 70 }),
      (rows, cols, n, values) => {
        const s = values.slice(0, Math.min(rows, cols)).sort((p, q) => q - p);
        const a = withSingularValues(rows, cols, s, n);
        const found = svdFloat64(a, rows, cols);
        assertSvd(a, found, rows, cols, 1e-11);
        s.forEach((exact, i) =>
          assert.ok(
            Math.abs(found.s[i]! - exact) < 1e-13 * s[0]! + 1e-300,
            `s[${i}]: ${found.s[i]} for ${exact}`,
          ),
        );
        assertSvd(new Float32Array(a), svd(new Float32Array(a), rows, cols), rows, cols, 1e-6);
      },
    ),
    { numRuns: 60 },
  );
});

test('small whole numbers give many dependent and equal columns', () => {
  const entry = fc.integer({ min: -1, max: 1 });
  const shape = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }));
  const matrix = shape.chain(([rows, cols]) =>
    fc.record({
      rows: fc.constant(rows),
      cols: fc.constant(cols),
      a: fc.array(entry, { minLength: rows * cols, maxLength: rows * cols }),
    }),
  );
  fc.assert(
    fc.property(matrix, ({ rows, cols, a }) => assertBoth(Float32Array.from(a), rows, cols)),
    { numRuns: 60 },
  );
});

for (const [name, rows, cols, entry] of [
  ['zeros', 40, 90, () => 0],
  ['ones', 90, 40, () => 1],
  ['the identity', 80, 80, (i: number, j: number) => (i === j ? 1 : 0)],
  ['one entry', 50, 50, (i: number, j: number) => (i === 7 && j === 3 ? -2 : 0)],
  ['a permutation', 65, 65, (i: number, j: number) => (j === (i * 3) % 65 ? 1 : 0)],
  ['a Hilbert matrix, condition beyond 1e18', 60, 60, (i: number, j: number) => 1 / (i + j + 1)],
  ['graded columns', 70, 60, (i: number, j: number) => Math.cos(i * (j + 1)) * 10 ** -(j / 4)],
] as const) {
  test(`${name}: orthonormal and exact`, () => {
    const a = Float64Array.from({ length: rows * cols }, (_, i) => entry(Math.floor(i / cols), i % cols));
    assertBoth(a, rows, cols);
  });
}

test('condition 1e12 at the size where blocks, panels and levels all matter', () => {
  const n = 200;
  const s = Array.from({ length: n }, (_, i) => 10 ** ((-12 * i) / (n - 1)));
  const a = withSingularValues(n, n + 60, s, 5);
  assertBoth(a, n, n + 60);
  const { s: found } = svdFloat64(a, n, n + 60);
  s.forEach((exact, i) => assert.ok(Math.abs(found[i]! - exact) < 1e-14));
});

test('rank 5 in 120 x 150: the other values vanish', () => {
  const a = withSingularValues(120, 150, [5, 4, 3, 2, 1, ...Array.from({ length: 115 }, () => 0)], 8);
  const { s } = svdFloat64(a, 120, 150);
  assertBoth(a, 120, 150);
  assert.ok(s.slice(5).every((value) => value < 1e-13));
});

test('numbers near the limits of float64 neither overflow nor vanish', () => {
  for (const scale of [1e300, 1e-300, 5e-324]) {
    const a = Float64Array.from(gaussian(20, 12, 3), (x) => Math.round(x * 100) * scale);
    const { s } = svdFloat64(a, 20, 12);
    const { s: plain } = svdFloat64(
      Float64Array.from(gaussian(20, 12, 3), (x) => Math.round(x * 100)),
      20,
      12,
    );
    s.forEach((value, i) => assert.ok(Math.abs(value / scale - plain[i]!) <= 1e-12 * plain[0]! + 0.5));
  }
});

test('the same matrix gives the same bits, whatever was factored before', () => {
  const a = gaussian(90, 70, 1);
  const first = svd(a, 90, 70);
  svd(gaussian(130, 140, 2), 130, 140);
  assert.deepEqual(svd(a, 90, 70), first);
  assert.deepEqual(a, gaussian(90, 70, 1), 'the input is left as it was');
});

test('in each left vector the entry of largest magnitude is positive', () => {
  for (const [rows, cols] of [
    [30, 20],
    [20, 30],
    [7, 1],
    [1, 7],
  ] as const) {
    const k = Math.min(rows, cols);
    const u = transpose(svdFloat64(gaussian(rows, cols, 4), rows, cols).u, rows, k);
    for (let r = 0; r < k; r++) {
      const vector = u.slice(r * rows, (r + 1) * rows);
      assert.ok(Math.max(...vector) >= -Math.min(...vector));
    }
  }
});

test('NaN and Inf are refused with their place', () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    const a = gaussian(4, 5, 1);
    a[7] = bad;
    assert.throws(() => svd(a, 4, 5), { name: 'SaltError', code: 'NOT_FINITE', details: { row: 1, col: 2 } });
  }
});

test('a matrix of another size than stated is refused', () => {
  for (const [rows, cols] of [
    [3, 4],
    [0, 5],
    [2.5, 2],
    [-1, -5],
  ] as const) {
    assert.throws(() => svd(new Float32Array(5), rows, cols), {
      name: 'SaltError',
      code: 'INVALID_ARGUMENT',
    });
  }
});
