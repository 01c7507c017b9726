import { SaltError } from '../protocol/errors.ts';
import { gemm, rowMajor } from './gemm.ts';
import type { Floats } from './gemm.ts';

/**
 * A B for row-major A (m x k) and B (k x n), accumulated in float64 and rounded once to float32.
 * @throws SaltError INVALID_ARGUMENT if an array does not have the size of its matrix
 */
export function matmul(a: Floats, b: Floats, m: number, k: number, n: number): Float32Array {
  if (a.length !== m * k || b.length !== k * n) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${a.length} and ${b.length} numbers do not fill matrices of ${m} x ${k} and ${k} x ${n}`,
    );
  }
  const product = new Float64Array(m * n);
  gemm(m, n, k, 1, rowMajor(a, k), rowMajor(b, n), product, 0, n);
  return new Float32Array(product);
}
