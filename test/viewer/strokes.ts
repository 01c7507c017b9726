/** How a person would paint a structure whose truth is known: along its middle, with brushes as wide as it is. */
import type { Mask } from '../../src/imaging/frame.ts';
import { distanceTo } from '../../src/metrics/distance-transform.ts';
import { skeletonOf } from '../../src/metrics/skeleton.ts';

/** One movement of the brush: from the press of the button to its release. */
export interface Stroke {
  /** In pixels of the image. */
  readonly diameter: number;
  readonly path: readonly (readonly [x: number, y: number])[];
}

export interface StrokeOptions {
  /** Brushes, thinnest first, in pixels: each part of the structure is painted with the one that fits it best. */
  readonly brushes: readonly number[];
  /** Only so many pieces are painted, the longest first. */
  readonly most: number;
}

/** Pieces of fewer pixels than this are nothing that a person would paint. */
const LEAST_LENGTH = 12;
/** A path is drawn with a point in every so many, and wherever it turns back or sets out anew. */
const EVERY = 10;

export function strokesAlong({ width, height, data }: Mask, { brushes, most }: StrokeOptions): Stroke[] {
  const middle = skeletonOf(data, width, height);
  const outside = data.map((value) => 1 - value);
  const radii = distanceTo(outside, width, height, [1, 1]);
  const brushOf = (at: number): number => {
    const calibre = 2 * (radii[at] ?? 0);
    return brushes.reduce((best, brush) =>
      Math.abs(brush - calibre) < Math.abs(best - calibre) ? brush : best,
    );
  };
  const pieces = brushes.flatMap((diameter) => {
    const line = middle.map((value, at) => (value === 1 && brushOf(at) === diameter ? 1 : 0));
    return piecesOf(joinGaps(line, middle, width), width, height).map((path) => ({ diameter, path }));
  });
  return pieces
    .filter(({ path }) => path.length >= LEAST_LENGTH)
    .sort((a, b) => b.path.length * b.diameter - a.path.length * a.diameter)
    .slice(0, most)
    .map(({ diameter, path }) => ({
      diameter,
      path: path
        .filter((_, i) => i % EVERY === 0 || i === path.length - 1 || isTurn(path, i, width))
        .map((at) => [at % width, Math.floor(at / width)] as const),
    }));
}

/** Where the calibre wavers about the border between two brushes, a person does not lift the hand. */
function joinGaps(line: Uint8Array, middle: Uint8Array, width: number): Uint8Array {
  let joined = line;
  for (let round = 0; round < 4; round++) {
    const before = joined;
    joined = before.map((value, at) => {
      if (value === 1 || middle[at] !== 1) return value;
      return neighbours(at, width).some((other) => before[other] === 1) ? 1 : 0;
    });
  }
  return joined;
}

/** The pixels of each connected piece, in the order of a walk that goes back where it came from. */
function piecesOf(line: Uint8Array, width: number, height: number): number[][] {
  const left = line.slice();
  const pieces: number[][] = [];
  const inside = (at: number): boolean => at >= 0 && at < width * height && left[at] === 1;
  for (let start = 0; start < left.length; start++) {
    if (left[start] !== 1) continue;
    const path: number[] = [];
    const stack = [start];
    left[start] = 0;
    while (stack.length > 0) {
      const at = stack.at(-1) ?? start;
      path.push(at);
      const next = neighbours(at, width).find(inside);
      if (next === undefined) {
        stack.pop();
      } else {
        left[next] = 0;
        stack.push(next);
      }
    }
    // The way back after the last new pixel paints nothing.
    const reached = Math.max(...new Map(path.map((at, i) => [at, path.indexOf(at) === i ? i : 0])).values());
    pieces.push(path.slice(0, reached + 1));
  }
  return pieces;
}

/** The tip of a branch, where the walk goes back; or the fork at which it leaves its old way. */
function isTurn(path: readonly number[], i: number, width: number): boolean {
  const [before, at, after] = [path[i - 1], path[i], path[i + 1]];
  if (before === undefined || at === undefined || after === undefined) return true;
  if (before === after) return true;
  const isBackward = path.indexOf(at) < i;
  return isBackward && path.indexOf(after) === i + 1 && neighbours(at, width).includes(after);
}

function neighbours(at: number, width: number): number[] {
  const x = at % width;
  const steps = [-width, width];
  if (x > 0) steps.push(-1, -width - 1, width - 1);
  if (x < width - 1) steps.push(1, 1 - width, width + 1);
  return steps.map((step) => at + step);
}
