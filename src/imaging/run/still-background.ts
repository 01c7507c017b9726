import { LEAST_FRAMES } from '../../protocol/runs.ts';
import { alignTo, misfit } from './align.ts';
import type { Shift } from './align.ts';
import { ROOTS, expectSameSize, pyramidOf, pyramidOfRoots } from './pyramid.ts';
import type { Levels } from './levels.ts';
import type { Pyramid } from './pyramid.ts';
import { DEVIATIONS_PER_MAD, quantile } from './quantile.ts';

/** What stands still in a run (spine, ribs, leads), found once for all its frames. */
export interface StillBackground {
  readonly width: number;
  readonly height: number;
  /**
   * What stands still beneath each pixel of a frame of the run, whether or not it was among those looked at:
   * levels 0 to 255, row-major. The frame's own level where no frame showed that place.
   * @throws RangeError when the frame is of another size.
   */
  under(frame: Levels): Uint8Array;
}

/** Vessels darken: of what a place shows over time, the background is this percentile. */
const PERCENTILE = 90;
/**
 * Mean share of a frame's pixels that something darkens, at least. 0.017 in coronary runs, 0.0002 to 0.0016 in
 * runs of a phantom in which nothing moves.
 */
const LEAST_DARKENED = 0.005;
/** Darkened is what lies this many standard deviations of its frame's residuals below their median. */
const DARKENED_DEVIATIONS = 6;
/** In square roots of levels, for runs without noise. */
const LEAST_DEVIATION = 1e-3;
/** Rows between two breaths. */
const ROWS = 16;

/** Of a frame's side: further than this beyond the reference nothing is kept of what a panning table shows. */
const MOST_BEYOND = 0.5;

type Breathe = () => Promise<void>;

/** What of the reference's plane is known: its own area, and how far beyond its edges, in pixels. */
interface Canvas {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * What stands still in a run, however the table or the breath moves the whole of it: the frames are aligned, and
 * each place's {@link PERCENTILE}th percentile over time (linear between neighbours in order) is taken.
 *
 * @param breathe awaited often, so that a user interface can draw in between.
 * @returns undefined with fewer than {@link LEAST_FRAMES} frames, and where nothing fills or moves: vessels that
 *   are filled throughout and stand still would count as background.
 * @throws RangeError when the frames differ in size.
 */
export async function stillBackgroundOf(
  frames: readonly Levels[],
  breathe: Breathe,
): Promise<StillBackground | undefined> {
  const [first] = frames;
  if (!first) return undefined;
  for (const frame of frames) expectSameSize(frame, first);
  if (frames.length < LEAST_FRAMES) return undefined;
  const { width, height } = first;

  const pyramids: Pyramid[] = [];
  for (const frame of frames) {
    pyramids.push(pyramidOf(frame));
    await breathe();
  }
  const rough = await cumulated(pyramids, breathe);
  const reference = await referenceOf(frames, rough, breathe);
  const shifts: Shift[] = [];
  for (const [i, pyramid] of pyramids.entries()) {
    shifts.push(alignTo(pyramid, reference, rough[i]));
    await breathe();
  }
  const canvas = canvasOf(first, shifts);
  const roots = await overTime(frames, shifts, canvas, PERCENTILE / 100, breathe);
  if ((await darkened(frames, shifts, canvas, roots, breathe)) < LEAST_DARKENED) return undefined;

  return {
    width,
    height,
    under(frame) {
      expectSameSize(frame, { width, height });
      const pyramid = pyramidOf(frame);
      // Far along a table's panning a search from no shift would find nothing.
      const misfits = shifts.map((shift) => misfit(pyramid, reference, shift));
      const start = shifts[misfits.indexOf(Math.min(...misfits))];
      return displaced(roots, canvas, frame, alignTo(pyramid, reference, start));
    },
  };
}

/** Where the frames lie in the reference's plane. */
function canvasOf({ width, height }: Levels, shifts: readonly Shift[]): Canvas {
  const beyond = (values: readonly number[], side: number): number =>
    Math.ceil(Math.min(MOST_BEYOND * side, Math.max(0, ...values)));
  const [xs, ys] = [shifts.map(([x]) => x), shifts.map(([, y]) => y)];
  const negative = (values: readonly number[]) => values.map((value) => -value);
  const [left, top] = [beyond(xs, width), beyond(ys, height)];
  return {
    left,
    top,
    width: left + width + beyond(negative(xs), width),
    height: top + height + beyond(negative(ys), height),
  };
}

/** Each frame's shift against the one before, summed up; their median becomes 0. */
async function cumulated(pyramids: readonly Pyramid[], breathe: Breathe): Promise<Shift[]> {
  const shifts: Shift[] = [];
  for (const [i, pyramid] of pyramids.entries()) {
    const before = pyramids[i - 1];
    const [x, y] = shifts[i - 1] ?? [0, 0];
    const [stepX, stepY] = before ? alignTo(pyramid, before) : [0, 0];
    shifts.push([x + stepX, y + stepY]);
    await breathe();
  }
  const middle = (values: readonly number[]) => quantile(Float32Array.from(values), values.length, 0.5);
  const middleX = middle(shifts.map(([x]) => x));
  const middleY = middle(shifts.map(([, y]) => y));
  return shifts.map(([x, y]) => [x - middleX, y - middleY]);
}

/** The median over time, which has neither the noise nor the vessels of a single frame. */
async function referenceOf(frames: readonly Levels[], shifts: readonly Shift[], breathe: Breathe) {
  // Every second frame says as much, in half the time.
  const even = (_: unknown, i: number) => i % 2 === 0;
  const { width, height } = frames[0] ?? { width: 0, height: 0 };
  const canvas = { left: 0, top: 0, width, height };
  const roots = await overTime(frames.filter(even), shifts.filter(even), canvas, 0.5, breathe);
  const shown = roots.filter((root) => !Number.isNaN(root));
  const fill = quantile(shown, shown.length, 0.5);
  const filled = roots.map((root) => (Number.isNaN(root) ? fill : root));
  return pyramidOfRoots(width, height, filled);
}

/**
 * Each place's quantile over time.
 *
 * @param share 0 to 1.
 * @returns square roots of levels, one for each place of the canvas, row-major; NaN where no frame shows it.
 */
async function overTime(
  frames: readonly Levels[],
  shifts: readonly Shift[],
  { left, top, width, height }: Canvas,
  share: number,
  breathe: Breathe,
): Promise<Float32Array> {
  const out = new Float32Array(width * height);
  const rows = frames.map(() => new Float32Array(width));
  const values = new Float32Array(frames.length);
  const columns = new Float32Array((frames[0]?.width ?? 0) + 4);
  for (let y = 0; y < height; y++) {
    if (y % ROWS === 0) await breathe();
    for (const [i, frame] of frames.entries()) {
      const row = rows[i];
      if (row) alignedRow(frame, shifts[i] ?? [0, 0], [-left, y - top], columns, row);
    }
    for (let x = 0; x < width; x++) {
      let count = 0;
      for (const row of rows) {
        const value = row[x] ?? NaN;
        if (!Number.isNaN(value)) values[count++] = value;
      }
      out[y * width + x] = count === 0 ? NaN : quantile(values, count, share);
    }
  }
  return out;
}

/**
 * A row of the reference's plane as a frame shows it: square roots, smoothed by a box of 3 x 3, bilinear.
 *
 * @param start where the row begins, in the reference's coordinates.
 * @param columns room for `width + 4` values.
 * @param out the row; NaN where the frame does not show the place.
 */
function alignedRow(
  { width, height, data }: Levels,
  [shiftX, shiftY]: Shift,
  [startX, y]: readonly [x: number, y: number],
  columns: Float32Array,
  out: Float32Array,
): void {
  out.fill(NaN);
  // A pixel is an area: up to half a pixel beyond the last centre is still shown.
  if (y + shiftY < -0.5 || y + shiftY > height - 0.5) return;
  // A box of 3 and linear interpolation in one: four taps of weights 1 - fraction, 1, 1, fraction.
  const top = Math.floor(shiftY);
  const v = shiftY - top;
  const rowAt = (i: number): number => Math.max(0, Math.min(height - 1, y + top + i)) * width;
  const [a, b, c, d] = [rowAt(-1), rowAt(0), rowAt(1), rowAt(2)];
  const root = (i: number): number => ROOTS[data[i] ?? 0] ?? 0;
  for (let x = 0; x < width; x++) {
    columns[x + 2] = (1 - v) * root(a + x) + root(b + x) + root(c + x) + v * root(d + x);
  }
  columns.fill(columns[2] ?? 0, 0, 2);
  columns.fill(columns[width + 1] ?? 0, width + 2);

  const left = Math.floor(shiftX);
  const u = shiftX - left;
  const from = Math.max(startX, Math.ceil(-0.5 - shiftX));
  const to = Math.min(startX + out.length - 1, Math.floor(width - 0.5 - shiftX));
  for (let x = from; x <= to; x++) {
    const i = x + left + 2;
    const middle = (columns[i] ?? 0) + (columns[i + 1] ?? 0);
    out[x - startX] = ((1 - u) * (columns[i - 1] ?? 0) + middle + u * (columns[i + 2] ?? 0)) / 9;
  }
}

/** Mean share of a frame's pixels that lie far below the background. */
async function darkened(
  frames: readonly Levels[],
  shifts: readonly Shift[],
  canvas: Canvas,
  background: Float32Array,
  breathe: Breathe,
): Promise<number> {
  const { width, height } = frames[0] ?? { width: 0, height: 0 };
  // Some 256 rows are enough for a share.
  const every = Math.max(1, Math.floor(height / 256));
  const row = new Float32Array(width);
  const columns = new Float32Array(width + 4);
  const residuals = new Float32Array(width * Math.ceil(height / every));
  const distances = new Float32Array(residuals.length);
  let sum = 0;
  for (const [i, frame] of frames.entries()) {
    let count = 0;
    for (let y = 0; y < height; y += every) {
      alignedRow(frame, shifts[i] ?? [0, 0], [0, y], columns, row);
      const at = (y + canvas.top) * canvas.width + canvas.left;
      for (let x = 0; x < width; x++) {
        const residual = (row[x] ?? NaN) - (background[at + x] ?? NaN);
        if (!Number.isNaN(residual)) residuals[count++] = residual;
      }
    }
    const median = quantile(residuals, count, 0.5);
    for (let k = 0; k < count; k++) distances[k] = Math.abs((residuals[k] ?? 0) - median);
    const deviation = Math.max(LEAST_DEVIATION, DEVIATIONS_PER_MAD * quantile(distances, count, 0.5));
    let dark = 0;
    for (let k = 0; k < count; k++) {
      if ((residuals[k] ?? 0) < median - DARKENED_DEVIATIONS * deviation) dark++;
    }
    sum += dark / Math.max(1, count);
    await breathe();
  }
  return sum / frames.length;
}

/** The background at a frame's pixels, bilinear, the canvas' edge being repeated. */
function displaced(
  roots: Float32Array,
  canvas: Canvas,
  { width, height, data }: Levels,
  [shiftX, shiftY]: Shift,
): Uint8Array {
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.max(0, Math.min(canvas.height - 1, y - shiftY + canvas.top));
    const top = Math.floor(row);
    const upper = top * canvas.width;
    const lower = Math.min(canvas.height - 1, top + 1) * canvas.width;
    for (let x = 0; x < width; x++) {
      const column = Math.max(0, Math.min(canvas.width - 1, x - shiftX + canvas.left));
      const left = Math.floor(column);
      const right = Math.min(canvas.width - 1, left + 1);
      const [u, v] = [column - left, row - top];
      const above = (1 - u) * (roots[upper + left] ?? 0) + u * (roots[upper + right] ?? 0);
      const below = (1 - u) * (roots[lower + left] ?? 0) + u * (roots[lower + right] ?? 0);
      const root = (1 - v) * above + v * below;
      const i = y * width + x;
      out[i] = Number.isNaN(root) ? (data[i] ?? 0) : Math.min(255, Math.round(root * root));
    }
  }
  return out;
}
