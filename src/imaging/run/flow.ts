/**
 * Where what a frame of a run shows lies in another of its frames: a displacement for each place, since a heart draws together and turns.
 * Lucas and Kanade, "An iterative image registration technique" (1981), in a window about each place, coarse to fine.
 */
import { resizeBilinear } from '../geometry.ts';
import type { Raster } from '../geometry.ts';
import { boxMeans } from './box-means.ts';
import type { Plane } from './box-means.ts';
import { expectSameSize } from './pyramid.ts';
import type { Layer, Pyramid } from './pyramid.ts';

/** Two channels: what a frame shows at (x, y) lies in the other at (x + the first, y + the second), in its own pixels. */
export type Flow = Raster;

/** Radius of the window, in pixels of a layer. */
const WINDOW = 12;
/** Of the box that takes noise off before slopes are measured. */
const SMOOTHING = 1;
const ROUNDS = 2;
/** In pixels of a layer: no round moves a place further. */
const LONGEST_STEP = 2;
/** Added to the squared slopes, in square roots of levels: where there are none, what was found on a coarser layer stays. */
const STEADINESS = 1e-3;

/**
 * @returns of the frames' full size; nothing moves where they are too small to compare
 * @throws RangeError when the two differ in size
 */
export function flowBetween(frame: Pyramid, other: Pyramid): Flow {
  expectSameSize(frame, other);
  let flow: Flow = { width: 1, height: 1, channels: 2, pixels: new Float32Array(2) };
  for (const [i, layer] of frame.layers.entries()) {
    const moving = other.layers[i];
    if (!moving) break;
    flow = finer(flow, layer);
    if (layer.flat || moving.flat) continue;
    const [still, moved] = [smoothed(layer), smoothed(moving)];
    for (let round = 0; round < ROUNDS; round++) flow = refined(flow, still, moved);
  }
  return finer(flow, frame);
}

/**
 * A map of the other frame as it would be if nothing had moved.
 * @param map of the frames' full size; beyond its edge it goes on as there
 */
export function broughtBack(map: Plane, flow: Flow): Float32Array {
  return sampled(map, flow.pixels);
}

/** The same flow on a grid of more pixels. */
function finer(flow: Flow, { width, height }: { readonly width: number; readonly height: number }): Flow {
  const [alongX, alongY] = [width / flow.width, height / flow.height];
  const scaled = flow.pixels.map((shift, i) => shift * (i % 2 === 0 ? alongX : alongY));
  return resizeBilinear({ ...flow, pixels: scaled }, width, height);
}

function smoothed(layer: Layer): Plane {
  return { ...layer, values: boxMeans(layer, SMOOTHING) };
}

/** One round of least squares in the window about each place. */
function refined({ pixels }: Flow, still: Plane, moving: Plane): Flow {
  const { width, height } = still;
  const brought = sampled(moving, pixels);
  const mean = new Float32Array(brought.length);
  for (let i = 0; i < mean.length; i++) mean[i] = (brought[i]! + still.values[i]!) / 2;
  const room = (): Float32Array => new Float32Array(mean.length);
  const [xx, xy, yy, xd, yd] = [room(), room(), room(), room(), room()];
  for (let y = 0, i = 0; y < height; y++) {
    const [above, below] = [y > 0 ? width : 0, y < height - 1 ? width : 0];
    for (let x = 0; x < width; x++, i++) {
      const [before, after] = [x > 0 ? 1 : 0, x < width - 1 ? 1 : 0];
      const slopeX = (mean[i + after]! - mean[i - before]!) / Math.max(1, before + after);
      const slopeY = (mean[i + below]! - mean[i - above]!) / Math.max(1, (above + below) / width);
      const [u, v] = [pixels[2 * i]!, pixels[2 * i + 1]!];
      const rest = brought[i]! - still.values[i]! - slopeX * u - slopeY * v;
      xx[i] = slopeX * slopeX;
      xy[i] = slopeX * slopeY;
      yy[i] = slopeY * slopeY;
      xd[i] = slopeX * rest;
      yd[i] = slopeY * rest;
    }
  }
  const around = (values: Float32Array): Float32Array => boxMeans({ width, height, values }, WINDOW);
  const [a, b, c, d, e] = [around(xx), around(xy), around(yy), around(xd), around(yd)];
  const out = new Float32Array(pixels.length);
  for (let i = 0; i < mean.length; i++) {
    const [u, v] = [pixels[2 * i]!, pixels[2 * i + 1]!];
    const [p, q] = [STEADINESS * u - d[i]!, STEADINESS * v - e[i]!];
    const [s, t] = [a[i]! + STEADINESS, c[i]! + STEADINESS];
    const determinant = s * t - b[i]! * b[i]!;
    out[2 * i] = u + step((t * p - b[i]! * q) / determinant - u);
    out[2 * i + 1] = v + step((s * q - b[i]! * p) / determinant - v);
  }
  return { width, height, channels: 2, pixels: out };
}

function step(wanted: number): number {
  return Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, wanted));
}

/** Values where the shifts lead, bilinear, the edge being repeated. @param shifts x and y for each pixel */
function sampled({ width, height, values }: Plane, shifts: Float32Array): Float32Array {
  const out = new Float32Array(values.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const column = Math.max(0, Math.min(width - 1, x + shifts[2 * i]!));
      const row = Math.max(0, Math.min(height - 1, y + shifts[2 * i + 1]!));
      const [left, top] = [Math.floor(column), Math.floor(row)];
      const [right, bottom] = [Math.min(width - 1, left + 1), Math.min(height - 1, top + 1)];
      const [u, v] = [column - left, row - top];
      const above = (1 - u) * values[top * width + left]! + u * values[top * width + right]!;
      const below = (1 - u) * values[bottom * width + left]! + u * values[bottom * width + right]!;
      out[i] = (1 - v) * above + v * below;
    }
  }
  return out;
}
