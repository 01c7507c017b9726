const MAX_STEPS = 80;

/**
 * The eigenvalues of diag(d) + rho z z^T, as roots of the secular equation
 * 1 + rho * sum_i z_i^2 / (d_i - x) = 0: exactly one in each interval (d_k, d_{k+1}) and one beyond the last.
 *
 * `d`: strictly ascending, `count` numbers; `z`: no zeros; rho > 0.
 * Writes root k to `roots[k]`, and d_i - root_k to `differences[k * count + i]`. The differences are formed from
 * the nearest pole, so that they keep full relative accuracy where root and pole nearly coincide.
 */
export function solveSecular(
  count: number,
  d: Float64Array,
  z: Float64Array,
  rho: number,
  roots: Float64Array,
  differences: Float64Array,
): void {
  const shifted = new Float64Array(count);
  let norm = 0;
  for (let i = 0; i < count; i++) norm += z[i]! * z[i]!;
  for (let k = 0; k < count; k++) {
    const last = k === count - 1;
    const width = last ? rho * norm : d[k + 1]! - d[k]!;
    const fromLeft = last || valueAt(count, d, z, rho, k, width / 2) >= 0;
    const origin = fromLeft ? k : k + 1;
    for (let i = 0; i < count; i++) shifted[i] = d[i]! - d[origin]!;
    const low = fromLeft ? 0 : -width / 2;
    const high = fromLeft ? (last ? width : width / 2) : 0;
    const offset = findRoot(count, shifted, z, rho, k, low, high);
    roots[k] = d[origin]! + offset;
    const row = k * count;
    for (let i = 0; i < count; i++) differences[row + i] = shifted[i]! - offset;
  }
}

/** The secular function over rho at d_k + offset. */
function valueAt(
  count: number,
  d: Float64Array,
  z: Float64Array,
  rho: number,
  k: number,
  offset: number,
): number {
  let sum = 1 / rho;
  for (let i = 0; i < count; i++) sum += (z[i]! * z[i]!) / (d[i]! - d[k]! - offset);
  return sum;
}

/**
 * Root between poles k and k + 1, as an offset from the pole at 0 of `shifted`. Each step fits r + s / (pole - x) to
 * the sums on either side (value and slope) and takes the root of the fit (Bunch, Nielsen and Sorensen 1978),
 * bisecting whenever that leaves the bracket.
 */
function findRoot(
  count: number,
  shifted: Float64Array,
  z: Float64Array,
  rho: number,
  k: number,
  low: number,
  high: number,
): number {
  const inverse = 1 / rho;
  let x = (low + high) / 2;
  for (let step = 0; step < MAX_STEPS; step++) {
    let left = 0;
    let leftSlope = 0;
    let right = 0;
    let rightSlope = 0;
    for (let i = 0; i <= k; i++) {
      const ratio = z[i]! / (shifted[i]! - x);
      left += z[i]! * ratio;
      leftSlope += ratio * ratio;
    }
    for (let i = k + 1; i < count; i++) {
      const ratio = z[i]! / (shifted[i]! - x);
      right += z[i]! * ratio;
      rightSlope += ratio * ratio;
    }
    const value = inverse + left + right;
    const rounding = Number.EPSILON * (4 * (right - left) + inverse + Math.abs(x) * (leftSlope + rightSlope));
    if (Math.abs(value) <= rounding) return x;
    if (value < 0) low = x;
    else high = x;
    let next = x + stepOfFit(k, count, shifted, x, value, leftSlope, rightSlope);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next === x || !(next > low && next < high)) return x;
    x = next;
  }
  return x;
}

function stepOfFit(
  k: number,
  count: number,
  shifted: Float64Array,
  x: number,
  value: number,
  leftSlope: number,
  rightSlope: number,
): number {
  const toLeft = shifted[k]! - x;
  if (k === count - 1) return toLeft + (leftSlope * toLeft * toLeft) / (value - leftSlope * toLeft);
  const toRight = shifted[k + 1]! - x;
  const c = value - leftSlope * toLeft - rightSlope * toRight;
  const a = value * (toLeft + toRight) - toLeft * toRight * (leftSlope + rightSlope);
  const b = toLeft * toRight * value;
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  return a > 0 ? (2 * b) / (a + root) : (a - root) / (2 * c);
}
