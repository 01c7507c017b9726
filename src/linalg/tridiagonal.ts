import { gemm, rowMajor, transposed } from './gemm.ts';

/** A symmetric matrix as Q T Q^T with T tridiagonal and Q = H_0 H_1 ... H_{n-2}, H_j = I - tau_j v_j v_j^T. */
export interface Tridiagonal {
  /** T's diagonal, n numbers. */
  readonly diagonal: Float64Array;
  /** T's off-diagonal: element j couples j and j + 1; n numbers, the last is 0. */
  readonly offDiagonal: Float64Array;
  /** n x n: row j holds v_j in columns j + 1 to n - 1 (v_j[j + 1] = 1); the rest is scratch. */
  readonly reflectors: Float64Array;
  readonly tau: Float64Array;
}

const PANEL = 32;

/**
 * Householder reduction of a symmetric n x n matrix to tridiagonal form. Reads the upper triangle of `a` and
 * overwrites it. Blocked as in LAPACK's dsytrd: within a panel the trailing matrix is only read (one
 * matrix-vector product per column); after it, one product of matrices updates it.
 */
export function tridiagonalise(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const tau = new Float64Array(n);
  const panel = new Float64Array(PANEL * n);
  for (let start = 0; start < n - 1; start += PANEL) {
    const end = Math.min(start + PANEL, n - 1);
    for (let j = start; j < end; j++) {
      for (let i = start; i < j; i++) {
        const w = (i - start) * n;
        subtractTwo(a, j * n, a[i * n + j]!, panel, w, panel[w + j]!, a, i * n, j, n);
      }
      diagonal[j] = a[j * n + j]!;
      offDiagonal[j] = makeReflector(a, j * n + j + 1, n - j - 1, tau, j);
      finishColumn(a, n, start, j, tau[j]!, panel);
    }
    const size = n - end;
    const trailing = end * n + end;
    const v = start * n + end;
    gemm(size, size, end - start, -1, transposed(a, n, v), rowMajor(panel, n, end), a, trailing, n, true);
    gemm(size, size, end - start, -1, transposed(panel, n, end), rowMajor(a, n, v), a, trailing, n, true);
  }
  if (n > 0) diagonal[n - 1] = a[n * n - 1]!;
  return { diagonal, offDiagonal, reflectors: a, tau };
}

/** Turns x (at `at`, `length` numbers) into v with v[0] = 1, so that (I - tau v v^T) x = result * e_0. */
function makeReflector(a: Float64Array, at: number, length: number, tau: Float64Array, j: number): number {
  const first = a[at]!;
  let tail = 0;
  for (let i = 1; i < length; i++) tail += a[at + i]! * a[at + i]!;
  a[at] = 1;
  if (tail === 0) {
    tau[j] = 0;
    return first;
  }
  const norm = Math.sqrt(first * first + tail);
  const result = first > 0 ? -norm : norm;
  tau[j] = (result - first) / result;
  const scale = 1 / (first - result);
  for (let i = 1; i < length; i++) a[at + i]! *= scale;
  return result;
}

/** Fills row j - start of the panel with w_j, so that the trailing matrix becomes A - V W^T - W V^T. */
function finishColumn(
  a: Float64Array,
  n: number,
  start: number,
  j: number,
  tau: number,
  panel: Float64Array,
): void {
  const w = (j - start) * n;
  const v = j * n;
  panel.fill(0, w, w + n);
  if (tau === 0) return;
  symmetricTimesVector(a, n, j + 1, v, panel, w);
  for (let i = start; i < j; i++) {
    const wi = (i - start) * n;
    const vi = i * n;
    let wv = 0;
    let vv = 0;
    for (let c = j + 1; c < n; c++) {
      wv += panel[wi + c]! * a[v + c]!;
      vv += a[vi + c]! * a[v + c]!;
    }
    subtractTwo(panel, w, wv, a, vi, vv, panel, wi, j + 1, n);
  }
  let dot = 0;
  for (let c = j + 1; c < n; c++) dot += panel[w + c]! * a[v + c]!;
  const half = 0.5 * tau * tau * dot;
  for (let c = j + 1; c < n; c++) panel[w + c] = tau * panel[w + c]! - half * a[v + c]!;
}

/** target -= p * x + q * y over columns `from` to `to`, each array from its own offset. */
function subtractTwo(
  target: Float64Array,
  t: number,
  p: number,
  x: Float64Array,
  xAt: number,
  q: number,
  y: Float64Array,
  yAt: number,
  from: number,
  to: number,
): void {
  for (let c = from; c < to; c++) target[t + c] = target[t + c]! - p * x[xAt + c]! - q * y[yAt + c]!;
}

/** y += A x over rows and columns `first` to n - 1, from A's upper triangle; x lies in `a` at `x`. Four rows at a time. */
function symmetricTimesVector(
  a: Float64Array,
  n: number,
  first: number,
  x: number,
  y: Float64Array,
  yAt: number,
): void {
  let r = first;
  for (; r + 4 <= n; r += 4) {
    for (let i = r; i < r + 4; i++) {
      y[yAt + i]! += a[i * n + i]! * a[x + i]!;
      for (let c = i + 1; c < r + 4; c++) {
        y[yAt + i]! += a[i * n + c]! * a[x + c]!;
        y[yAt + c]! += a[i * n + c]! * a[x + i]!;
      }
    }
    const x0 = a[x + r]!;
    const x1 = a[x + r + 1]!;
    const x2 = a[x + r + 2]!;
    const x3 = a[x + r + 3]!;
    const r0 = r * n;
    const r1 = r0 + n;
    const r2 = r1 + n;
    const r3 = r2 + n;
    let y0 = 0;
    let y1 = 0;
    let y2 = 0;
    let y3 = 0;
    for (let c = r + 4; c < n; c++) {
      const xc = a[x + c]!;
      const a0 = a[r0 + c]!;
      const a1 = a[r1 + c]!;
      const a2 = a[r2 + c]!;
      const a3 = a[r3 + c]!;
      y0 += a0 * xc;
      y1 += a1 * xc;
      y2 += a2 * xc;
      y3 += a3 * xc;
      y[yAt + c]! += a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3);
    }
    y[yAt + r]! += y0;
    y[yAt + r + 1]! += y1;
    y[yAt + r + 2]! += y2;
    y[yAt + r + 3]! += y3;
  }
  for (; r < n; r++) {
    y[yAt + r]! += a[r * n + r]! * a[x + r]!;
    for (let c = r + 1; c < n; c++) {
      y[yAt + r]! += a[r * n + c]! * a[x + c]!;
      y[yAt + c]! += a[r * n + c]! * a[x + r]!;
    }
  }
}

/**
 * Turns eigenvectors of T into eigenvectors of the full matrix: each of the `count` rows z of `vectors` becomes Q z.
 * Panels of reflectors are applied as I - V S V^T (compact WY), so that the work is in products of matrices.
 */
export function applyReflectors(t: Tridiagonal, n: number, vectors: Float64Array, count: number): void {
  const panels = Math.ceil((n - 1) / PANEL);
  const v = new Float64Array(PANEL * n);
  const s = new Float64Array(PANEL * PANEL);
  const projected = new Float64Array(count * PANEL);
  const weighted = new Float64Array(count * PANEL);
  for (let p = panels - 1; p >= 0; p--) {
    const start = p * PANEL;
    const size = Math.min(PANEL, n - 1 - start);
    const length = n - 1 - start;
    v.fill(0);
    for (let i = 0; i < size; i++) {
      const row = (start + i) * n;
      v.set(t.reflectors.subarray(row + start + i + 1, row + n), i * n + i);
    }
    blockFactor(v, n, size, length, t.tau, start, s);
    projected.fill(0);
    weighted.fill(0);
    gemm(count, size, length, 1, rowMajor(vectors, n, start + 1), transposed(v, n), projected, 0, PANEL);
    gemm(count, size, size, 1, rowMajor(projected, PANEL), transposed(s, PANEL), weighted, 0, PANEL);
    gemm(count, length, size, -1, rowMajor(weighted, PANEL), rowMajor(v, n), vectors, start + 1, n);
  }
}

/** The upper triangular S with H_0 ... H_{size-1} = I - V S V^T (LAPACK's dlarft). */
function blockFactor(
  v: Float64Array,
  n: number,
  size: number,
  length: number,
  tau: Float64Array,
  start: number,
  s: Float64Array,
): void {
  const overlap = new Float64Array(PANEL * PANEL);
  gemm(size, size, length, 1, rowMajor(v, n), transposed(v, n), overlap, 0, PANEL, true);
  s.fill(0);
  for (let i = 0; i < size; i++) {
    const scale = tau[start + i]!;
    s[i * PANEL + i] = scale;
    for (let r = 0; r < i; r++) {
      let sum = 0;
      for (let q = r; q < i; q++) sum += s[r * PANEL + q]! * overlap[q * PANEL + i]!;
      s[r * PANEL + i] = -scale * sum;
    }
  }
}
