/** Frames made ready for alignment: square roots of levels, reduced by averaging and high-passed. */

import { boxMeans } from './box-means.ts';
import type { Plane } from './box-means.ts';
import type { Levels } from './levels.ts';

/** An image reduced by averaging and high-passed: what `alignTo` compares. Made once for each image. */
export interface Pyramid {
  readonly width: number;
  readonly height: number;
  /** Coarse to fine. */
  readonly layers: readonly Layer[];
}

export interface Layer {
  readonly width: number;
  readonly height: number;
  /** Pixels of the full image along one side of a pixel of this layer. */
  readonly factor: number;
  /** Pixels of this layer left out along its border: collimators and lettering stand there. */
  readonly margin: number;
  /** Row-major, `height * width`, high-passed square roots of levels. */
  readonly values: Float32Array;
  /** No structure at all, so nothing to align. */
  readonly flat: boolean;
}

/** Square roots of the levels 0 to 255: there quantum noise is about the same everywhere. */
export const ROOTS = Float32Array.from({ length: 256 }, (_, level) => Math.sqrt(level));

/** Longest side of the finest layer, about. */
const FINEST_SIDE = 256;
/** Side of the high-pass's window and width of the margin, both in pixels of an image reduced by 2. */
const WINDOW = 48;
const MARGIN = 12;
/** A layer needs this many pixels a side within its margin. */
export const LEAST_SIDE = 4;

export function pyramidOf({ width, height, data }: Levels): Pyramid {
  const roots = new Float32Array(width * height);
  for (let i = 0; i < roots.length; i++) roots[i] = ROOTS[data[i] ?? 0] ?? 0;
  return pyramidOfRoots(width, height, roots);
}

/** @param roots square roots of levels, row-major, `height * width`. */
export function pyramidOfRoots(width: number, height: number, roots: Float32Array): Pyramid {
  let factor = 2;
  while (factor * FINEST_SIDE < Math.max(width, height)) factor *= 2;
  const layers: Layer[] = [];
  let reduced = reduce({ width, height, values: roots }, factor);
  for (const coarser of [1, 2, 4]) {
    if (coarser > 1) reduced = reduce(reduced, 2);
    const margin = Math.max(2, MARGIN / coarser);
    if (Math.min(reduced.width, reduced.height) < 2 * margin + LEAST_SIDE) break;
    const window = Math.max(3, WINDOW / coarser) | 1;
    const values = highPass(reduced, (window - 1) / 2);
    const energy = values.reduce((sum, value) => sum + value * value, 0);
    const flat = energy < 1e-10 * values.length;
    layers.unshift({ ...reduced, factor: factor * coarser, margin, values, flat });
  }
  return { width, height, layers };
}

/** @throws RangeError when the two differ in size. */
export function expectSameSize(one: Omit<Levels, 'data'>, other: Omit<Levels, 'data'>): void {
  if (one.width !== other.width || one.height !== other.height) {
    throw new RangeError(
      `Frames of one run have one size, not ${one.width} x ${one.height} and ${other.width} x ${other.height}.`,
    );
  }
}

/** Means of `factor` x `factor` pixels; a rest at the right or the bottom is dropped. */
function reduce(plane: Plane, factor: number): Plane {
  const width = Math.floor(plane.width / factor);
  const height = Math.floor(plane.height / factor);
  const values = new Float32Array(width * height);
  for (let y = 0; y < height * factor; y++) {
    const out = Math.floor(y / factor) * width;
    let i = y * plane.width;
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < factor; k++) sum += plane.values[i++] ?? 0;
      values[out + x] = (values[out + x] ?? 0) + sum / (factor * factor);
    }
  }
  return { width, height, values };
}

/** Less the mean over the `2 * radius + 1` pixels around in both directions, the edge being repeated. */
function highPass({ width, height, values }: Plane, radius: number): Float32Array {
  const means = boxMeans({ width, height, values }, radius);
  return values.map((value, i) => value - (means[i] ?? 0));
}
