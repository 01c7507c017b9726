import { createRandom } from '../../src/protocol/random.ts';
import { svdFloat64 } from '../../src/linalg/svd.ts';
import type { Floats } from '../../src/linalg/gemm.ts';

/** A rows x cols matrix of independent normal numbers. */
export function gaussian(rows: number, cols: number, seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: rows * cols }, () => random.normal());
}

/** A rows x cols matrix, in float64, with the singular values given and singular vectors at random. */
export function withSingularValues(
  rows: number,
  cols: number,
  s: readonly number[],
  seed: number,
): Float64Array {
  const { u, vt } = svdFloat64(gaussian(rows, cols, seed), rows, cols);
  return compose(u, Float64Array.from(s), vt, rows, cols);
}

/** U diag(s) Vt by its definition, in float64. */
export function compose(u: Floats, s: Floats, vt: Floats, rows: number, cols: number): Float64Array {
  const k = s.length;
  const product = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let r = 0; r < k; r++) {
      const factor = u[i * k + r]! * s[r]!;
      for (let j = 0; j < cols; j++) product[i * cols + j]! += factor * vt[r * cols + j]!;
    }
  }
  return product;
}

/** ||a - b|| / ||b|| (Frobenius); the absolute norm where b is zero. */
export function relativeError(a: Floats, b: Floats): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference / (size || 1));
}

/** max |Q Q^T - I| over the rows of a count x length matrix. */
export function rowsFromOrthonormal(q: Floats, count: number, length: number): number {
  let worst = 0;
  for (let i = 0; i < count; i++) {
    for (let j = i; j < count; j++) {
      let dot = i === j ? -1 : 0;
      for (let c = 0; c < length; c++) dot += q[i * length + c]! * q[j * length + c]!;
      worst = Math.max(worst, Math.abs(dot));
    }
  }
  return worst;
}

export function transpose(a: Floats, rows: number, cols: number): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, i) => a[(i % rows) * cols + Math.floor(i / rows)]!);
}
