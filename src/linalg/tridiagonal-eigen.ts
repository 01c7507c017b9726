import { SaltError } from '../protocol/errors.ts';
import { gemm, rowMajor } from './gemm.ts';
import { solveSecular } from './secular.ts';

/** Below this size a block is solved by QL iteration; above it, by divide and conquer. */
const LEAF = 32;
const MAX_SWEEPS = 60;

/**
 * Eigenvalues (ascending, written to `d`) and eigenvectors of a symmetric tridiagonal matrix. Returns the n x n matrix
 * whose ROW i is the eigenvector of d[i]. Overwrites `d` (diagonal) and `e` (e[i] couples i and i + 1).
 *
 * Cuppen's divide and conquer with the deflation of LAPACK's dlaed2 and the corrected weights of Gu and Eisenstat
 * (1994), which make the vectors orthogonal to working precision however close the eigenvalues lie.
 */
export function tridiagonalEigen(d: Float64Array, e: Float64Array): Float64Array {
  const n = d.length;
  const vectors = new Float64Array(n * n);
  const scale = Math.max(maxAbs(d, 0, n), maxAbs(e, 0, n - 1));
  if (scale > 0) {
    for (let i = 0; i < n; i++) {
      d[i]! /= scale;
      e[i]! /= scale;
    }
  }
  new DivideAndConquer(d, e, vectors).solve(0, n);
  for (let i = 0; i < n; i++) d[i]! *= scale;
  return vectors;
}

class DivideAndConquer {
  readonly #d: Float64Array;
  readonly #e: Float64Array;
  readonly #vectors: Float64Array;
  readonly #n: number;
  /** Rows of the two halves gathered for the products, and the merged rows. */
  readonly #gathered: Float64Array;
  readonly #merged: Float64Array;
  readonly #mixing: Float64Array;

  constructor(d: Float64Array, e: Float64Array, vectors: Float64Array) {
    this.#d = d;
    this.#e = e;
    this.#vectors = vectors;
    this.#n = d.length;
    const room = this.#n > LEAF ? this.#n * this.#n : 0;
    this.#gathered = new Float64Array(room);
    this.#merged = new Float64Array(room);
    this.#mixing = new Float64Array(room);
  }

  /** Solves the block of rows `low` to `high`; its vectors fill the same rows and columns. */
  solve(low: number, high: number): void {
    if (high - low <= LEAF) {
      implicitQl(this.#d, this.#e, this.#vectors, low, high);
      return;
    }
    const middle = (low + high) >> 1;
    const coupling = this.#e[middle - 1]!;
    this.#d[middle - 1]! -= Math.abs(coupling);
    this.#d[middle]! -= Math.abs(coupling);
    this.solve(low, middle);
    this.solve(middle, high);
    this.#merge(low, middle, high, coupling);
  }

  /** From the eigenpairs of both halves to those of diag(halves) + rho z z^T. */
  #merge(low: number, middle: number, high: number, coupling: number): void {
    const n = this.#n;
    const size = high - low;
    const z = new Float64Array(size);
    for (let i = low; i < high; i++) {
      const end = i < middle ? this.#vectors[i * n + middle - 1]! : this.#vectors[i * n + middle]!;
      z[i - low] = (i >= middle && coupling < 0 ? -end : end) * Math.SQRT1_2;
    }
    const { kept, settled } = this.#deflate(low, middle, high, z, 2 * Math.abs(coupling));

    const count = kept.length;
    const poles = new Float64Array(count);
    const weights = new Float64Array(count);
    kept.forEach((pole, i) => {
      poles[i] = this.#d[pole.row]!;
      weights[i] = z[pole.row - low]!;
    });
    const roots = new Float64Array(count);
    solveSecular(count, poles, weights, 2 * Math.abs(coupling), roots, this.#mixing);
    mixingCoefficients(count, poles, weights, this.#mixing);
    this.#combine(low, middle, high, kept);

    // Roots ascend, and so do the settled values once sorted: merge the two lists into place.
    const values = new Float64Array(size);
    const order = [
      ...Array.from(roots, (value, i) => ({ value, from: this.#merged, row: i * n })),
      ...settled.map((row) => ({ value: this.#d[row]!, from: this.#vectors, row: row * n })),
    ].sort((p, q) => p.value - q.value);
    const target = this.#gathered;
    order.forEach(({ value, from, row }, i) => {
      values[i] = value;
      target.set(from.subarray(row + low, row + high), i * n);
    });
    for (let i = 0; i < size; i++) {
      this.#d[low + i] = values[i]!;
      this.#vectors.set(target.subarray(i * n, i * n + size), (low + i) * n + low);
    }
  }

  /**
   * Sets aside eigenpairs that the coupling does not change: those with a negligible weight in z, and one of each pair of
   * nearly equal values (after rotating its weight into the other). The kept ones are strictly ascending.
   */
  #deflate(low: number, middle: number, high: number, z: Float64Array, rho: number): Deflation {
    const d = this.#d;
    const order = Array.from({ length: high - low }, (_, i) => low + i).sort((p, q) => d[p]! - d[q]!);
    const tolerance = 8 * Number.EPSILON * Math.max(maxAbs(d, low, high), maxAbs(z, 0, z.length));
    const kept: Pole[] = [];
    const settled: number[] = [];
    let previous: Pole | undefined;
    for (const row of order) {
      if (rho * Math.abs(z[row - low]!) <= tolerance) {
        settled.push(row);
        continue;
      }
      const pole: Pole = { row, top: row < middle, bottom: row >= middle };
      if (previous && this.#rotateTogether(previous.row, row, low, high, z, tolerance)) {
        settled.push(previous.row);
        previous = { row, top: pole.top || previous.top, bottom: pole.bottom || previous.bottom };
      } else {
        if (previous) kept.push(previous);
        previous = pole;
      }
    }
    if (previous) kept.push(previous);
    return { kept, settled };
  }

  /** If rows p and q (d[p] <= d[q]) are nearly equal, moves all weight into q, leaving p an eigenpair, and says so. */
  #rotateTogether(
    p: number,
    q: number,
    low: number,
    high: number,
    z: Float64Array,
    tolerance: number,
  ): boolean {
    const d = this.#d;
    const zp = z[p - low]!;
    const zq = z[q - low]!;
    const length = Math.sqrt(zp * zp + zq * zq);
    const c = zq / length;
    const s = -zp / length;
    const gap = d[q]! - d[p]!;
    if (Math.abs(gap * c * s) > tolerance) return false;
    z[q - low] = length;
    z[p - low] = 0;
    rotateRows(this.#vectors, p * this.#n, q * this.#n, low, high, c, s);
    const dp = d[p]! * c * c + d[q]! * s * s;
    d[q] = d[p]! * s * s + d[q]! * c * c;
    d[p] = dp;
    return true;
  }

  /** merged = mixing x (rows of the kept vectors). Vectors of one half are zero in the other's columns: not multiplied. */
  #combine(low: number, middle: number, high: number, kept: readonly Pole[]): void {
    const n = this.#n;
    const count = kept.length;
    this.#merged.fill(0, 0, count * n);
    const halves = [
      { members: kept.flatMap((pole, i) => (pole.top ? [i] : [])), from: low, to: middle },
      { members: kept.flatMap((pole, i) => (pole.bottom ? [i] : [])), from: middle, to: high },
    ];
    for (const { members, from, to } of halves) {
      const width = to - from;
      const factors = new Float64Array(count * members.length);
      members.forEach((member, i) => {
        const row = kept[member]!.row * n;
        this.#gathered.set(this.#vectors.subarray(row + from, row + to), i * width);
        for (let k = 0; k < count; k++) factors[k * members.length + i] = this.#mixing[k * count + member]!;
      });
      const left = rowMajor(factors, members.length);
      gemm(count, width, members.length, 1, left, rowMajor(this.#gathered, width), this.#merged, from, n);
    }
  }
}

/** An eigenpair of one half that takes part in the coupling; after a rotation its vector may reach into both. */
interface Pole {
  readonly row: number;
  readonly top: boolean;
  readonly bottom: boolean;
}

interface Deflation {
  readonly kept: readonly Pole[];
  readonly settled: readonly number[];
}

/**
 * Replaces the differences d_i - root_k (row k, column i) by the eigenvectors of diag(d) + rho z z^T, as rows. Uses not z
 * but the weights for which the computed roots are exact (Gu and Eisenstat): z_i^2 = product over k of (root_k - d_i) /
 * (d_k - d_i), up to a common factor.
 */
function mixingCoefficients(count: number, poles: Float64Array, z: Float64Array, rows: Float64Array): void {
  const exact = new Float64Array(count).fill(-1);
  for (let k = 0; k < count; k++) {
    for (let i = 0; i < count; i++) {
      const difference = rows[k * count + i]!;
      exact[i]! *= i === k ? difference : difference / (poles[i]! - poles[k]!);
    }
  }
  for (let i = 0; i < count; i++) exact[i] = Math.sqrt(exact[i]!) * (z[i]! < 0 ? -1 : 1);
  for (let k = 0; k < count; k++) {
    const at = k * count;
    let norm = 0;
    for (let i = 0; i < count; i++) {
      const entry = exact[i]! / rows[at + i]!;
      rows[at + i] = entry;
      norm += entry * entry;
    }
    const scale = 1 / Math.sqrt(norm);
    for (let i = 0; i < count; i++) rows[at + i]! *= scale;
  }
}

/** QL iteration with implicit shifts (Wilkinson) on rows `low` to `high`, values sorted ascending at the end. */
function implicitQl(
  d: Float64Array,
  e: Float64Array,
  vectors: Float64Array,
  low: number,
  high: number,
): void {
  const n = d.length;
  for (let i = low; i < high; i++) vectors[i * n + i] = 1;
  for (let l = low; l < high; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      while (m < high - 1 && !negligible(e[m]!, d[m]!, d[m + 1]!)) m++;
      if (m === l) break;
      if (sweep === MAX_SWEEPS)
        throw new SaltError('NOT_FINITE', 'The eigenvalue iteration did not converge');
      qlSweep(d, e, vectors, l, m, low, high);
    }
  }
  for (let i = low; i < high - 1; i++) {
    let least = i;
    for (let j = i + 1; j < high; j++) if (d[j]! < d[least]!) least = j;
    if (least !== i) {
      const value = d[i]!;
      d[i] = d[least]!;
      d[least] = value;
      rotateRows(vectors, i * n, least * n, low, high, 0, 1);
    }
  }
}

/** The matrix is of size 1, so that what is below EPSILON^2 changes nothing, even between zeros. */
function negligible(coupling: number, before: number, after: number): boolean {
  const { EPSILON } = Number;
  return Math.abs(coupling) <= EPSILON * (Math.abs(before) + Math.abs(after) + EPSILON);
}

/** One sweep over the unreduced block l to m, from the bottom up, with the shift nearest to d[l]. */
function qlSweep(
  d: Float64Array,
  e: Float64Array,
  vectors: Float64Array,
  l: number,
  m: number,
  low: number,
  high: number,
): void {
  const n = d.length;
  const half = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const length = Math.sqrt(half * half + 1);
  let g = d[m]! - d[l]! + e[l]! / (half + (half < 0 ? -length : length));
  let c = 1;
  let s = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const r = Math.sqrt(f * f + g * g);
    if (i + 1 < m) e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    const t = (d[i]! - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    rotateRows(vectors, (i + 1) * n, i * n, low, high, c, s);
  }
  d[l]! -= p;
  e[l] = g;
}

/** (p, q) becomes (c p + s q, c q - s p). */
function rotateRows(
  rows: Float64Array,
  p: number,
  q: number,
  from: number,
  to: number,
  c: number,
  s: number,
): void {
  for (let i = from; i < to; i++) {
    const x = rows[p + i]!;
    const y = rows[q + i]!;
    rows[p + i] = c * x + s * y;
    rows[q + i] = c * y - s * x;
  }
}

function maxAbs(x: Float64Array, from: number, to: number): number {
  let most = 0;
  for (let i = from; i < to; i++) most = Math.max(most, Math.abs(x[i]!));
  return most;
}
