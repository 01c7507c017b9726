import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { symmetricEigen } from '../../src/linalg/symmetric-eigen.ts';
import { tridiagonalEigen } from '../../src/linalg/tridiagonal-eigen.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { rowsFromOrthonormal } from './matrices.ts';

/** Asserts that T z = value z for each row z, that rows are orthonormal and values ascend. */
function assertTridiagonal(diagonal: readonly number[], off: readonly number[]): void {
  const n = diagonal.length;
  const values = Float64Array.from(diagonal);
  const z = tridiagonalEigen(values, Float64Array.from([...off.slice(0, n - 1), 0]));
  const scale = Math.max(1, ...diagonal.map(Math.abs), ...off.map(Math.abs));
  let worst = 0;
  for (let i = 0; i < n; i++) {
    assert.ok(values[i]! >= (values[i - 1] ?? -Infinity));
    for (let j = 0; j < n; j++) {
      const left = j > 0 ? off[j - 1]! * z[i * n + j - 1]! : 0;
      const right = j < n - 1 ? off[j]! * z[i * n + j + 1]! : 0;
      worst = Math.max(worst, Math.abs(left + right + (diagonal[j]! - values[i]!) * z[i * n + j]!));
    }
  }
  assert.ok(worst < 1e-14 * n * scale, `residual ${worst}`);
  const orthogonality = rowsFromOrthonormal(z, n, n);
  assert.ok(orthogonality < 1e-14 * n, `orthogonality ${orthogonality}`);
}

test('tridiagonal matrices with any mixture of large, tiny, equal and zero entries', () => {
  const number = fc.oneof(
    fc.constantFrom(0, 1, 1, -1, 1e-9, 1e-17),
    fc.double({ min: -2, max: 2, noNaN: true }),
  );
  const pair = fc
    .integer({ min: 1, max: 150 })
    .chain((n) =>
      fc.tuple(
        fc.array(number, { minLength: n, maxLength: n }),
        fc.array(number, { minLength: n, maxLength: n }),
      ),
    );
  fc.assert(
    fc.property(pair, ([diagonal, off]) => assertTridiagonal(diagonal, off)),
    { numRuns: 60 },
  );
});

test('glued Wilkinson matrices, whose eigenvalues agree to the last digits', () => {
  const block = Array.from({ length: 21 }, (_, i) => Math.abs(i - 10));
  const diagonal = Array.from({ length: 8 }, () => block).flat();
  const off = diagonal.map((_, i) => ((i + 1) % 21 === 0 ? 1e-8 : 1));
  assertTridiagonal(diagonal, off);
});

test('the second difference matrix has its known eigenvalues', () => {
  const n = 100;
  const values = new Float64Array(n).fill(2);
  tridiagonalEigen(values, new Float64Array(n).fill(-1));
  values.forEach((value, i) => {
    const exact = 2 - 2 * Math.cos((Math.PI * (i + 1)) / (n + 1));
    assert.ok(Math.abs(value - exact) < 1e-14 * n);
  });
});

test('a full symmetric matrix of any size is diagonalised', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 110 }), fc.integer({ min: 0, max: 1e6 }), (n, seed) => {
      const random = createRandom(seed);
      const a = new Float64Array(n * n);
      for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random.normal();
      const { values, vectors } = symmetricEigen(a.slice(), n);
      let worst = 0;
      for (let i = 0; i < n; i++) {
        for (let r = 0; r < n; r++) {
          let sum = -values[i]! * vectors[i * n + r]!;
          for (let c = 0; c < n; c++) sum += a[r * n + c]! * vectors[i * n + c]!;
          worst = Math.max(worst, Math.abs(sum));
        }
      }
      assert.ok(worst < 1e-14 * n * 10, `residual ${worst}`);
      assert.ok(rowsFromOrthonormal(vectors, n, n) < 1e-14 * n);
    }),
    {
      numRuns: 20,
      examples: [
        [33, 1],
        [34, 1],
        [65, 1],
        [66, 1],
      ],
    },
  );
});
