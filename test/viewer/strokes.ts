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
  /**
   * Brushes, thinnest first, in pixels. The first goes along all of the structure, each other again along what it fits
   * better than the one before.
   */
  readonly brushes: readonly number[];
  /** Only so many pieces are painted, the longest first. */
  readonly most: number;
}

/** Pieces of fewer pixels than this are nothing that a person would paint. */
const LEAST_LENGTH = 12;
/** Twigs of so few pixels are not followed: the brush covers them. */
const TWIG = 3;
/** What lies so near to a structure, in pixels, is its rim drawn too wide. */
const RIM = 4;
/** A path is drawn in straight lines that lie no further than this from it, in pixels. */
const TOLERANCE = 1.5;

export function strokesAlong({ width, height, data }: Mask, { brushes, most }: StrokeOptions): Stroke[] {
  const middle = withoutTwigs(skeletonOf(data, width, height), width);
  const outside = data.map((value) => 1 - value);
  const radii = distanceTo(outside, width, height, [1, 1]);
  const brushOf = (at: number): number => {
    const calibre = 2 * (radii[at] ?? 0);
    return brushes.reduce((best, brush) =>
      Math.abs(brush - calibre) < Math.abs(best - calibre) ? brush : best,
    );
  };
  const pieces = brushes.flatMap((diameter) => {
    const line = middle.map((value, at) => (value === 1 && brushOf(at) >= diameter ? 1 : 0));
    return piecesOf(joinGaps(line, middle, width), width, height).map((path) => ({ diameter, path }));
  });
  return pieces
    .filter(({ path }) => path.length >= LEAST_LENGTH)
    .sort((a, b) => b.path.length * b.diameter - a.path.length * a.diameter)
    .slice(0, most)
    .map(({ diameter, path }) => ({
      diameter,
      path: inStraightLines(path.map((at) => [at % width, Math.floor(at / width)] as const)),
    }));
}

/** What a mask lacks of the truth, for a person to add. */
export function missedBy({ data: found }: Mask, { width, height, data }: Mask): Mask {
  return { width, height, data: data.map((value, at) => (value === 1 && found[at] === 0 ? 1 : 0)) };
}

/** What of a mask lies beside the truth, not at its rim, for a person to wipe off. */
export function farFrom({ data: found }: Mask, { width, height, data }: Mask): Mask {
  const distances = distanceTo(data, width, height, [1, 1]);
  return {
    width,
    height,
    data: found.map((value, at) => (value === 1 && (distances[at] ?? 0) > RIM ? 1 : 0)),
  };
}

/** Takes the tips off all branches, and with them the short twigs that a ragged edge gives its middle. */
function withoutTwigs(line: Uint8Array, width: number): Uint8Array {
  let left = line;
  for (let round = 0; round < TWIG; round++) {
    const before = left;
    left = before.map((value, at) =>
      value === 1 && neighbours(at, width).filter((other) => before[other] === 1).length > 1 ? 1 : 0,
    );
  }
  return left;
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

type Point = readonly [x: number, y: number];

/** As few of the points as will do (Douglas and Peucker, 1973). */
function inStraightLines(points: readonly Point[]): readonly Point[] {
  const kept = new Set([0, points.length - 1]);
  const open: [from: number, to: number][] = [[0, points.length - 1]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [from, to] = next;
    let [furthest, most] = [from, TOLERANCE];
    for (let i = from + 1; i < to; i++) {
      const distance = distanceToLine(points[i]!, points[from]!, points[to]!);
      if (distance > most) [furthest, most] = [i, distance];
    }
    if (furthest === from) continue;
    kept.add(furthest);
    open.push([from, furthest], [furthest, to]);
  }
  return points.filter((_, i) => kept.has(i));
}

/** From a point to the nearest on the line from `a` to `b`, ends included. */
function distanceToLine([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const nearest = Math.min(1, Math.max(0, along));
  return Math.hypot(x - ax - nearest * dx, y - ay - nearest * dy);
}

function neighbours(at: number, width: number): number[] {
  const x = at % width;
  const steps = [-width, width];
  if (x > 0) steps.push(-1, -width - 1, width - 1);
  if (x < width - 1) steps.push(1, 1 - width, width + 1);
  return steps.map((step) => at + step);
}
