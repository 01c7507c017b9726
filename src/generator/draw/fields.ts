import type { Random } from '../../protocol/random.ts';
import { normalField } from './noise.ts';

/**
 * The field blurred by a Gaussian of deviation `sigma` pixels; beyond the border it goes on as it ends. Small sigmas
 * by the kernel itself, larger ones by three box filters, whose cost does not grow with sigma (Wells, Efficient
 * synthesis of Gaussian filters by cascaded uniform filters, 1986).
 */
export function gaussianBlur(
  field: Float32Array,
  width: number,
  height: number,
  sigma: number,
): Float32Array {
  if (sigma <= 0) return field.slice();
  if (sigma < 2) {
    const kernel = gaussianKernel(sigma);
    return convolveRows(convolveColumns(field, width, height, kernel), width, height, kernel);
  }
  let blurred = field;
  for (const radius of boxRadii(sigma))
    blurred = boxRows(boxColumns(blurred, width, height, radius), width, height, radius);
  return blurred;
}

/** Zero mean, unit deviation; it changes over about `scale` pixels. */
export function smoothNoise(random: Random, width: number, height: number, scale: number): Float32Array {
  if (scale < 3) {
    return standardise(
      gaussianBlur(normalField(random, width * height), width, height, Math.max(0.05, scale / 2)),
    );
  }
  // A cubic B-spline over a coarse grid of normal draws.
  const columns = Math.ceil(width / scale) + 4;
  const rows = Math.ceil(height / scale) + 4;
  const knots = Float32Array.from({ length: columns * rows }, () => random.normal());
  // A random phase, so that the grid does not sit at the same place in every image.
  const [phaseX, phaseY] = [random.uniform(), random.uniform()];
  const wide = new Float32Array(rows * width);
  for (let x = 0; x < width; x++) {
    const at = x / scale + phaseX;
    const first = Math.floor(at);
    const [a, b, c, d] = splineWeights(at - first);
    for (let row = 0; row < rows; row++) {
      const k = row * columns + first;
      wide[row * width + x] =
        a * (knots[k] ?? 0) + b * (knots[k + 1] ?? 0) + c * (knots[k + 2] ?? 0) + d * (knots[k + 3] ?? 0);
    }
  }
  const noise = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const at = y / scale + phaseY;
    const first = Math.floor(at);
    const [a, b, c, d] = splineWeights(at - first);
    for (let x = 0, k = first * width, out = y * width; x < width; x++, k++, out++) {
      noise[out] =
        a * (wide[k] ?? 0) +
        b * (wide[k + width] ?? 0) +
        c * (wide[k + 2 * width] ?? 0) +
        d * (wide[k + 3 * width] ?? 0);
    }
  }
  return standardise(noise);
}

export interface Bump {
  readonly x: number;
  readonly y: number;
  readonly radiusX: number;
  readonly radiusY: number;
  readonly strength: number;
}

/** Adds a Gaussian bump, cut off at four deviations. */
export function addBump(field: Float32Array, width: number, height: number, bump: Bump): void {
  const { x, y, radiusX, radiusY, strength } = bump;
  const left = Math.max(0, Math.ceil(x - 4 * radiusX));
  const right = Math.min(width - 1, Math.floor(x + 4 * radiusX));
  const across = new Float32Array(width);
  for (let column = left; column <= right; column++)
    across[column] = Math.exp(-((column - x) ** 2) / (2 * radiusX ** 2));
  for (
    let row = Math.max(0, Math.ceil(y - 4 * radiusY));
    row <= Math.min(height - 1, y + 4 * radiusY);
    row++
  ) {
    const down = strength * Math.exp(-((row - y) ** 2) / (2 * radiusY ** 2));
    for (let column = left; column <= right; column++) {
      const i = row * width + column;
      field[i] = (field[i] ?? 0) + down * (across[column] ?? 0);
    }
  }
}

/** Shifts and scales to zero mean and unit deviation, in place. */
function standardise(field: Float32Array): Float32Array {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < field.length; i++) {
    const value = field[i] ?? 0;
    sum += value;
    squares += value * value;
  }
  const mean = sum / field.length;
  const deviation = Math.sqrt(Math.max(squares / field.length - mean * mean, 1e-12));
  const scale = 1 / deviation;
  for (let i = 0; i < field.length; i++) field[i] = ((field[i] ?? 0) - mean) * scale;
  return field;
}

function splineWeights(t: number): [number, number, number, number] {
  const s = 1 - t;
  const b = 2 / 3 - t * t * (1 - t / 2);
  const c = 2 / 3 - s * s * (1 - s / 2);
  return [(s * s * s) / 6, b, c, (t * t * t) / 6];
}

/** Half a symmetric kernel: the weight of the middle, then of the neighbours at 1, 2, ... on both sides. */
function gaussianKernel(sigma: number): Float32Array {
  const radius = Math.ceil(2.7 * sigma);
  const kernel = Float32Array.from({ length: radius + 1 }, (_, i) =>
    Math.exp(-(i ** 2) / (2 * sigma * sigma)),
  );
  const sum = kernel.reduce((total, weight, i) => total + (i === 0 ? weight : 2 * weight), 0);
  return kernel.map((weight) => weight / sum);
}

function convolveRows(
  field: Float32Array,
  width: number,
  height: number,
  kernel: Float32Array,
): Float32Array {
  const out = new Float32Array(field.length);
  const radius = kernel.length - 1;
  const middle = kernel[0] ?? 0;
  const padded = new Float32Array(width + 2 * radius);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    padded.fill(field[row] ?? 0, 0, radius);
    padded.set(field.subarray(row, row + width), radius);
    padded.fill(field[row + width - 1] ?? 0, radius + width);
    for (let x = 0; x < width; x++) {
      const at = x + radius;
      let sum = middle * (padded[at] ?? 0);
      for (let k = 1; k <= radius; k++)
        sum += (kernel[k] ?? 0) * ((padded[at - k] ?? 0) + (padded[at + k] ?? 0));
      out[row + x] = sum;
    }
  }
  return out;
}

function convolveColumns(
  field: Float32Array,
  width: number,
  height: number,
  kernel: Float32Array,
): Float32Array {
  const out = new Float32Array(field.length);
  const middle = kernel[0] ?? 0;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let i = row; i < row + width; i++) out[i] = middle * (field[i] ?? 0);
    for (let k = 1; k < kernel.length; k++) {
      const weight = kernel[k] ?? 0;
      const above = Math.max(0, y - k) * width;
      const below = Math.min(height - 1, y + k) * width;
      for (let x = 0; x < width; x++) {
        out[row + x] = (out[row + x] ?? 0) + weight * ((field[above + x] ?? 0) + (field[below + x] ?? 0));
      }
    }
  }
  return out;
}

/** Radii of three box filters whose variances add up to sigma^2 as nearly as whole widths allow. */
function boxRadii(sigma: number): number[] {
  const variance = 12 * sigma * sigma;
  let narrow = Math.floor(Math.sqrt(variance / 3 + 1));
  if (narrow % 2 === 0) narrow--;
  const narrowCount = Math.round((variance - 3 * narrow * narrow - 12 * narrow - 9) / (-4 * narrow - 4));
  return [0, 1, 2].map((i) => (i < narrowCount ? (narrow - 1) / 2 : (narrow + 1) / 2));
}

function boxRows(field: Float32Array, width: number, height: number, radius: number): Float32Array {
  const out = new Float32Array(field.length);
  const weight = 1 / (2 * radius + 1);
  const padded = new Float32Array(width + 2 * radius + 1);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    padded.fill(field[row] ?? 0, 0, radius + 1);
    padded.set(field.subarray(row, row + width), radius + 1);
    padded.fill(field[row + width - 1] ?? 0, radius + 1 + width);
    let sum = 0;
    for (let k = 0; k <= 2 * radius; k++) sum += padded[k] ?? 0;
    for (let x = 0; x < width; x++) {
      sum += (padded[x + 2 * radius + 1] ?? 0) - (padded[x] ?? 0);
      out[row + x] = sum * weight;
    }
  }
  return out;
}

function boxColumns(field: Float32Array, width: number, height: number, radius: number): Float32Array {
  const out = new Float32Array(field.length);
  const weight = 1 / (2 * radius + 1);
  const sums = new Float64Array(width);
  const rowAt = (y: number): number => Math.min(height - 1, Math.max(0, y)) * width;
  for (let k = -radius - 1; k < radius; k++) {
    const from = rowAt(k);
    for (let x = 0; x < width; x++) sums[x] = (sums[x] ?? 0) + (field[from + x] ?? 0);
  }
  for (let y = 0; y < height; y++) {
    const enters = rowAt(y + radius);
    const leaves = rowAt(y - radius - 1);
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const sum = (sums[x] ?? 0) + (field[enters + x] ?? 0) - (field[leaves + x] ?? 0);
      sums[x] = sum;
      out[i] = sum * weight;
    }
  }
  return out;
}
