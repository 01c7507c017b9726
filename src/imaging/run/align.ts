/**
 * By how much one frame of a run is displaced against another: translation only, as "pixel shift" in digital
 * subtraction angiography. Lucas and Kanade, "An iterative image registration technique" (1981), coarse to fine,
 * with Tukey's weights, so that what moves otherwise (vessels that fill, a heart that beats) has no say.
 */
import { LEAST_SIDE, expectSameSize } from './pyramid.ts';
import type { Layer, Pyramid } from './pyramid.ts';
import { DEVIATIONS_PER_MAD, quantile } from './quantile.ts';

export { pyramidOf } from './pyramid.ts';
export type { Pyramid } from './pyramid.ts';

/** A displacement in pixels of the full image. */
export type Shift = readonly [x: number, y: number];

const ITERATIONS = 8;
/** In pixels of a layer: no step is longer, and one this short is the last. */
const LONGEST_STEP = 2;
const SHORTEST_STEP = 0.02;
/** Tukey's constant: 95 % efficient where errors are normal. */
const TUKEY = 4.685;

/**
 * By how much `frame` is displaced against `reference`: frame(p) is about reference(p - shift).
 *
 * @param start where to look first; further off than some 20 pixels nothing is found. Also the answer where
 *   there is nothing to align: in flat images, and in those too small.
 * @throws RangeError when the two differ in size.
 */
export function alignTo(frame: Pyramid, reference: Pyramid, start: Shift = [0, 0]): Shift {
  expectSameSize(frame, reference);
  const room = reference.layers.at(-1)?.values.length ?? 0;
  const errors = new Float32Array(room);
  const scratch = new Float32Array(room);
  let shift = start;
  for (const [i, layer] of reference.layers.entries()) {
    const moving = frame.layers[i];
    if (moving && !moving.flat && !layer.flat) shift = refine(moving, layer, shift, errors, scratch);
  }
  return shift;
}

/**
 * How badly `frame` fits `reference` once displaced by `shift`: the median absolute difference at the coarsest
 * layer, in square roots of levels. Infinity where the two hardly overlap.
 */
export function misfit(frame: Pyramid, reference: Pyramid, shift: Shift): number {
  const [moving, layer] = [frame.layers[0], reference.layers[0]];
  if (!moving || !layer) return Infinity;
  const errors = new Float32Array(layer.values.length);
  const overlap = overlapOf(layer, shift[0] / layer.factor, shift[1] / layer.factor);
  if (!overlap) return Infinity;
  const count = difference(moving, layer, overlap, errors);
  return quantile(errors.map(Math.abs), count, 0.5);
}

interface Overlap {
  /** Displacement in pixels of a layer. */
  readonly x: number;
  readonly y: number;
  /** Pixels of the reference, within its margin, that the frame shows too; right and bottom are exclusive. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function overlapOf({ width, height, margin }: Layer, x: number, y: number): Overlap | undefined {
  const left = Math.max(margin, Math.ceil(-x));
  const top = Math.max(margin, Math.ceil(-y));
  const right = Math.min(width - margin, Math.floor(width - 1 - x) + 1);
  const bottom = Math.min(height - margin, Math.floor(height - 1 - y) + 1);
  const enough = right - left >= LEAST_SIDE && bottom - top >= LEAST_SIDE;
  return enough ? { x, y, left, top, right, bottom } : undefined;
}

/** Fills `errors` with the displaced frame less the reference, row by row. @returns how many there are. */
function difference(frame: Layer, reference: Layer, overlap: Overlap, errors: Float32Array): number {
  const { width } = reference;
  const [column, row] = [Math.floor(overlap.x), Math.floor(overlap.y)];
  const [u, v] = [overlap.x - column, overlap.y - row];
  const [a, b, c, d] = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v];
  const [moving, still] = [frame.values, reference.values];
  let count = 0;
  for (let y = overlap.top; y < overlap.bottom; y++) {
    let i = y * width + overlap.left;
    let m = (y + row) * width + overlap.left + column;
    for (let x = overlap.left; x < overlap.right; x++, i++, m++) {
      const upper = a * (moving[m] ?? 0) + b * (moving[m + 1] ?? 0);
      const lower = c * (moving[m + width] ?? 0) + d * (moving[m + width + 1] ?? 0);
      errors[count++] = upper + lower - (still[i] ?? 0);
    }
  }
  return count;
}

function refine(frame: Layer, reference: Layer, start: Shift, errors: Float32Array, scratch: Float32Array) {
  const { factor } = reference;
  let [x, y] = [start[0] / factor, start[1] / factor];
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const overlap = overlapOf(reference, x, y);
    if (!overlap) break;
    const count = difference(frame, reference, overlap, errors);
    for (let i = 0; i < count; i++) scratch[i] = Math.abs(errors[i] ?? 0);
    const limit = TUKEY * (DEVIATIONS_PER_MAD * quantile(scratch, count, 0.5) + 1e-6);
    const step = stepOf(reference, overlap, errors, limit);
    if (!step) break;
    const [stepX, stepY] = step.map((s) => Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, s)));
    x += stepX ?? 0;
    y += stepY ?? 0;
    if (Math.max(Math.abs(stepX ?? 0), Math.abs(stepY ?? 0)) < SHORTEST_STEP) break;
  }
  return [x * factor, y * factor] as const;
}

/** The weighted least squares' step, in pixels of the layer; undefined where the reference has no slope. */
function stepOf(
  { width, values }: Layer,
  { left, top, right, bottom }: Overlap,
  errors: Float32Array,
  limit: number,
): Shift | undefined {
  let [xx, xy, yy, xe, ye] = [0, 0, 0, 0, 0];
  let e = 0;
  for (let y = top; y < bottom; y++) {
    let i = y * width + left;
    for (let x = left; x < right; x++, i++, e++) {
      const error = errors[e] ?? 0;
      const share = error / limit;
      if (share >= 1 || share <= -1) continue;
      const weight = (1 - share * share) ** 2;
      const slopeX = ((values[i + 1] ?? 0) - (values[i - 1] ?? 0)) / 2;
      const slopeY = ((values[i + width] ?? 0) - (values[i - width] ?? 0)) / 2;
      xx += weight * slopeX * slopeX;
      xy += weight * slopeX * slopeY;
      yy += weight * slopeY * slopeY;
      xe += weight * slopeX * error;
      ye += weight * slopeY * error;
    }
  }
  // Stripes have a slope in one direction only: along them this keeps the step at 0.
  const ridge = 1e-6 * (xx + yy);
  const determinant = (xx + ridge) * (yy + ridge) - xy * xy;
  if (!(determinant > 0)) return undefined;
  return [(xy * ye - (yy + ridge) * xe) / determinant, (xy * xe - (xx + ridge) * ye) / determinant];
}
