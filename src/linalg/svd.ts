import { SaltError } from '../protocol/errors.ts';
import { completeBasis } from './complete-basis.ts';
import { type Floats, gemm, rowMajor, transposed } from './gemm.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

/** Counts changes of the numbers that `svd` returns; part of the key under which results are cached. */
export const SVD_VERSION = 1;

/** Thin SVD of a rows x cols matrix, k = min(rows, cols): A = U diag(s) Vt. */
export interface Svd<T extends Floats = Float32Array> {
  /** rows x k, row-major; orthonormal columns. In each the entry of largest magnitude (the first of equals) is positive. */
  readonly u: T;
  /** k singular values, descending, >= 0. */
  readonly s: T;
  /** k x cols, row-major; orthonormal rows. */
  readonly vt: T;
}

/**
 * Directions weaker than this, relative to the strongest of their level, are factored again on their own. The Gram matrix
 * squares the condition number: with 1e-2 the loss is 1e4 rounding errors at most.
 */
const LEVEL_RANGE = 1e-2;

/**
 * Thin SVD of a row-major rows x cols matrix, computed in float64 and rounded to float32. Pure, synchronous and
 * deterministic: the same input gives the same bits on every machine. U and V are orthonormal: where singular values are zero
 * the bases are completed (in contrived matrices of graded and repeated rows such columns were seen to be off by 8e-3). What is
 * left of the matrix once all its values are at most EPSILON * max(rows, cols) * s[0] is returned as 0; smaller ones that are
 * found together with a larger one (within LEVEL_RANGE of it) are returned as they are found.
 *
 * Throws SaltError NOT_FINITE if the matrix holds NaN or Inf, INVALID_ARGUMENT if its size is not rows * cols.
 */
export function svd(a: Floats, rows: number, cols: number): Svd {
  const { u, s, vt } = svdFloat64(a, rows, cols);
  return { u: new Float32Array(u), s: new Float32Array(s), vt: new Float32Array(vt) };
}

/** As `svd`, without rounding the result to float32. */
export function svdFloat64(a: Floats, rows: number, cols: number): Svd<Float64Array> {
  requireMatrix(a, rows, cols);
  const scale = scaleOf(a);
  const wide = rows <= cols;
  const short = wide ? rows : cols;
  const long = wide ? cols : rows;
  const lines = wide ? new Float64Array(a) : transpose(a, rows, cols);
  for (let i = 0; i < lines.length; i++) lines[i]! *= scale;
  const { shortVectors, longVectors, s } = factorLines(lines, short, long);
  for (let i = 0; i < short; i++) s[i]! /= scale;
  const leftVectors = wide ? shortVectors : longVectors;
  const rightVectors = wide ? longVectors : shortVectors;
  fixSigns(leftVectors, rightVectors, short, rows, cols);
  return { u: transpose(leftVectors, short, rows), s, vt: rightVectors };
}

function requireMatrix(a: Floats, rows: number, cols: number): void {
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(cols) || rows < 1 || cols < 1) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `A matrix has at least one row and column, not ${rows} x ${cols}`,
    );
  }
  if (a.length !== rows * cols) {
    throw new SaltError('INVALID_ARGUMENT', `${a.length} numbers do not fill a ${rows} x ${cols} matrix`);
  }
  const bad = a.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const row = Math.floor(bad / cols);
    const col = bad % cols;
    throw new SaltError('NOT_FINITE', `The matrix holds ${a[bad]} at row ${row}, column ${col}`, {
      row,
      col,
    });
  }
}

/** A power of two that brings the largest entry into [1, 2), so that no square overflows or vanishes; exact to divide by. */
function scaleOf(a: Floats): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]!));
  if (most === 0) return 1;
  let scale = 1;
  while (most * scale >= 2) scale /= 2;
  while (most * scale < 1 && scale < 2 ** 1000) scale *= 2;
  return scale;
}

function transpose(a: Floats, rows: number, cols: number): Float64Array {
  const result = new Float64Array(rows * cols);
  const block = 16;
  for (let i0 = 0; i0 < rows; i0 += block) {
    for (let j0 = 0; j0 < cols; j0 += block) {
      const iEnd = Math.min(rows, i0 + block);
      const jEnd = Math.min(cols, j0 + block);
      for (let i = i0; i < iEnd; i++) for (let j = j0; j < jEnd; j++) result[j * rows + i] = a[i * cols + j]!;
    }
  }
  return result;
}

interface Factors {
  /** short x short: row i is the singular vector of s[i] on the short side. */
  readonly shortVectors: Float64Array;
  /** short x long: row i is the singular vector of s[i] on the long side. */
  readonly longVectors: Float64Array;
  readonly s: Float64Array;
}

/**
 * Factors a short x long matrix X (short <= long; overwritten), level by level. With E the eigenvectors of X X^T, the
 * rows of E X are orthogonal and as long as the singular values. Only those within LEVEL_RANGE of the longest are taken;
 * the others, made orthogonal to all that were taken, form the next level's X, which has a Gram matrix of its own scale.
 */
function factorLines(x: Float64Array, short: number, long: number): Factors {
  const shortVectors = new Float64Array(short * short);
  const longVectors = new Float64Array(short * long);
  const s = new Float64Array(short);
  let rest: Float64Array = x;
  /** Rows of `rest` in terms of X's rows; undefined stands for the identity. */
  let restBasis: Float64Array | undefined;
  let done = 0;
  while (done < short) {
    const count = short - done;
    const directions = strongestFirst(rest, count, long);
    const rotated = new Float64Array(count * long);
    gemm(count, long, count, 1, rowMajor(directions, count), rowMajor(rest, long), rotated, 0, long);
    let basis = directions;
    if (restBasis) {
      basis = new Float64Array(count * short);
      gemm(count, short, count, 1, rowMajor(directions, count), rowMajor(restBasis, short), basis, 0, short);
    }
    shortVectors.set(basis, done * short);
    const norms = Float64Array.from({ length: count }, (_, i) => rowNorm(rotated, i * long, long));
    const strongest = norms.reduce((most, norm) => Math.max(most, norm), 0);
    const nothing = Number.EPSILON * long * Math.max(strongest, s[0]!);
    if (strongest <= nothing) break;

    let taken = 0;
    while (taken < count && norms[taken]! >= LEVEL_RANGE * strongest) {
      const at = (done + taken) * long;
      for (let i = 0; i < long; i++) longVectors[at + i] = rotated[taken * long + i]! / norms[taken]!;
      s[done + taken] = norms[taken]!;
      taken++;
    }
    done += taken;
    if (done === short) break;
    rest = rotated.slice(taken * long);
    restBasis = basis.slice(taken * short);
    removeTaken(rest, short - done, longVectors, done, long);
  }
  completeBasis(longVectors, done, short, long);
  return sorted({ shortVectors, longVectors, s }, short, long);
}

/** Eigenvectors (rows) of X X^T by descending eigenvalue. */
function strongestFirst(x: Float64Array, count: number, long: number): Float64Array {
  const gram = new Float64Array(count * count);
  gemm(count, count, long, 1, rowMajor(x, long), transposed(x, long), gram, 0, count, true);
  const { vectors } = symmetricEigen(gram, count);
  const result = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    const from = (count - 1 - i) * count;
    result.set(vectors.subarray(from, from + count), i * count);
  }
  return result;
}

/** rest -= (rest Q^T) Q with Q the vectors taken so far: what rounding left of the strong directions would drown the weak. */
function removeTaken(
  rest: Float64Array,
  count: number,
  taken: Float64Array,
  done: number,
  long: number,
): void {
  const overlap = new Float64Array(count * done);
  gemm(count, done, long, 1, rowMajor(rest, long), transposed(taken, long), overlap, 0, done);
  gemm(count, long, done, -1, rowMajor(overlap, done), rowMajor(taken, long), rest, 0, long);
}

function rowNorm(x: Float64Array, at: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += x[at + i]! * x[at + i]!;
  return Math.sqrt(sum);
}

function sorted(factors: Factors, short: number, long: number): Factors {
  const { s } = factors;
  const order = Array.from(s, (_, i) => i).sort((p, q) => s[q]! - s[p]!);
  if (order.every((from, i) => from === i)) return factors;
  return {
    s: Float64Array.from(order, (from) => s[from]!),
    shortVectors: reorderRows(factors.shortVectors, order, short),
    longVectors: reorderRows(factors.longVectors, order, long),
  };
}

function reorderRows(x: Float64Array, order: readonly number[], length: number): Float64Array {
  const result = new Float64Array(x.length);
  order.forEach((from, to) => result.set(x.subarray(from * length, (from + 1) * length), to * length));
  return result;
}

/** A pair of singular vectors is unique up to a common sign; this fixes it by the left one. */
function fixSigns(left: Float64Array, right: Float64Array, count: number, rows: number, cols: number): void {
  for (let r = 0; r < count; r++) {
    const vector = left.subarray(r * rows, (r + 1) * rows);
    let largest = 0;
    for (let i = 1; i < rows; i++) if (Math.abs(vector[i]!) > Math.abs(vector[largest]!)) largest = i;
    if (vector[largest]! < 0) {
      for (let i = 0; i < rows; i++) vector[i] = -vector[i]!;
      for (let i = r * cols; i < (r + 1) * cols; i++) right[i] = -right[i]!;
    }
  }
}
