/** The middle of a structure, as lines that a hand can follow. */
import type { Mask } from '../../src/imaging/frame.ts';
import { skeletonOf } from '../../src/metrics/skeleton.ts';

/** In pixels of the image. */
export type Point = readonly [x: number, y: number];

/** Lines of fewer pixels than this are nothing that a person would follow. */
export const LEAST_LENGTH = 12;
/** Twigs of so few pixels are not followed: the brush covers them. */
const TWIG = 3;
/** A path is drawn in straight lines that lie no further than this from it, in pixels. */
const TOLERANCE = 1.5;

/** Its middle line, one pixel wide, without the short twigs that a ragged edge gives it. */
export function middleOf({ width, height, data }: Mask): Uint8Array {
  return withoutTwigs(skeletonOf(data, width, height), width);
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

/** As few of the points as will do (Douglas and Peucker, 1973). */
export function inStraightLines(points: readonly Point[]): readonly Point[] {
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

/** The eight about a pixel; above and below the image they lie outside of its pixels. */
export function neighbours(at: number, width: number): number[] {
  const x = at % width;
  const steps = [-width, width];
  if (x > 0) steps.push(-1, -width - 1, width - 1);
  if (x < width - 1) steps.push(1, 1 - width, width + 1);
  return steps.map((step) => at + step);
}
