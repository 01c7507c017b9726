import { tridiagonalEigen } from './tridiagonal-eigen.ts';
import { applyReflectors, tridiagonalise } from './tridiagonal.ts';

export interface SymmetricEigen {
  /** Ascending, n numbers. */
  readonly values: Float64Array;
  /** n x n, row-major: row i is the unit eigenvector of values[i]. */
  readonly vectors: Float64Array;
}

/** Eigenvalues and eigenvectors of a symmetric n x n matrix, row-major; reads its upper triangle and overwrites it. */
export function symmetricEigen(a: Float64Array, n: number): SymmetricEigen {
  const tridiagonal = tridiagonalise(a, n);
  const values = tridiagonal.diagonal;
  const vectors = tridiagonalEigen(values, tridiagonal.offDiagonal);
  applyReflectors(tridiagonal, n, vectors, n);
  return { values, vectors };
}
