import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gemm, rowMajor, transposed } from '../../src/linalg/gemm.ts';
import { gaussian } from './matrices.ts';

function byDefinition(a: Float32Array, b: Float32Array, m: number, k: number, n: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) for (let p = 0; p < k; p++) c[i * n + j]! += a[i * k + p]! * b[p * n + j]!;
  }
  return c;
}

function product(a: Float32Array, b: Float32Array, m: number, k: number, n: number): Float64Array {
  const c = new Float64Array(m * n);
  gemm(m, n, k, 1, rowMajor(a, k), rowMajor(b, n), c, 0, n);
  return c;
}

const size = fc.integer({ min: 1, max: 20 });

test('a product of any shape is right, whatever blocks it is made of', () => {
  fc.assert(
    fc.property(size, size, size, (m, k, n) => {
      const a = gaussian(m, k, 1);
      const b = gaussian(k, n, 2);
      const exact = byDefinition(a, b, m, k, n);
      product(a, b, m, k, n).forEach((value, i) =>
        assert.ok(Math.abs(value - exact[i]!) <= 1e-13 * Math.abs(exact[i]!) + 1e-13),
      );
    }),
    {
      numRuns: 60,
      examples: [
        [100, 260, 5],
        [3, 515, 520],
        [97, 3, 513],
      ],
    },
  );
});

test('a sum over no terms is zero', () => {
  assert.deepEqual(product(new Float32Array(0), new Float32Array(0), 2, 0, 2), new Float64Array(4));
});

test('upperOnly computes the upper triangle of a symmetric product, however many blocks it spans', () => {
  for (const [n, k] of [
    [5, 3],
    [97, 20],
    [600, 7],
  ] as const) {
    const a = gaussian(n, k, 3);
    const full = new Float64Array(n * n);
    const upper = new Float64Array(n * n);
    gemm(n, n, k, -2, rowMajor(a, k), transposed(a, k), full, 0, n);
    gemm(n, n, k, -2, rowMajor(a, k), transposed(a, k), upper, 0, n, true);
    for (let i = 0; i < n; i++) {
      assert.deepEqual(upper.slice(i * n + i, i * n + n), full.slice(i * n + i, i * n + n));
    }
    assert.ok(n < 9 || upper[(n - 1) * n] === 0, 'far below the diagonal nothing is computed');
  }
});
