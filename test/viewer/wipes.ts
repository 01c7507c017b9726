/** How a person would wipe off what is wrong: along its middle, and straight on across what it crosses. */
import type { Mask } from '../../src/imaging/frame.ts';
import { LEAST_LENGTH, inStraightLines, middleOf, neighbours } from './lines.ts';
import type { Point } from './lines.ts';
import type { Stroke } from './strokes.ts';

type Line = readonly Point[];

export interface WipeOptions {
  /** Of the eraser, in pixels. */
  readonly diameter: number;
  /** Only so many lines are wiped off, the longest first. */
  readonly most: number;
}

/** A hand goes on to what lies in one line with what it wipes, no further away than this, in pixels, ... */
const ACROSS = 60;
/** ... where neither end turns by more than about forty degrees. */
const LEAST_COSINE = 0.75;
/** Pixels over which the direction of an end is taken. */
const END = 20;

/** @param mask what is wrong */
export function wipesAlong(mask: Mask, { diameter, most }: WipeOptions): Stroke[] {
  const { width } = mask;
  const lines = longestLines(middleOf(mask), width)
    .filter(({ length }) => length >= LEAST_LENGTH)
    .map((line) => line.map((at): Point => [at % width, Math.floor(at / width)]));
  return joined(lines)
    .map((points) => ({ points, length: lengthOf(points) }))
    .sort((a, b) => b.length - a.length)
    .slice(0, most)
    .map(({ points }) => ({ diameter, path: inStraightLines(points) }));
}

/** Of each connected piece, the way between the two pixels that are furthest apart within it. */
function longestLines(line: Uint8Array, width: number): number[][] {
  const left = line.slice();
  const lines: number[][] = [];
  for (let start = 0; start < left.length; start++) {
    if (left[start] !== 1) continue;
    const piece = wayToFurthest(line, width, start);
    for (const at of piece.reached) left[at] = 0;
    lines.push(wayToFurthest(line, width, piece.way[0] ?? start).way);
  }
  return lines;
}

/** Breadth first. @returns the way from the furthest pixel back to the start, and all pixels of the piece */
function wayToFurthest(line: Uint8Array, width: number, start: number) {
  const from = new Map<number, number>([[start, start]]);
  const reached = [start];
  for (const at of reached) {
    for (const next of neighbours(at, width)) {
      if (line[next] !== 1 || from.has(next)) continue;
      from.set(next, at);
      reached.push(next);
    }
  }
  const way: number[] = [];
  for (let at = reached.at(-1) ?? start; ; at = from.get(at) ?? start) {
    way.push(at);
    if (at === start) return { way, reached };
  }
}

/** Joins what goes on in one line, the narrowest gaps first. */
function joined(lines: readonly Line[]): readonly Line[] {
  let left = lines;
  for (let next = narrowestGap(left); next; next = narrowestGap(left)) {
    const { one, other, line } = next;
    left = [...left.filter((each) => each !== one && each !== other), line];
  }
  return left;
}

function narrowestGap(lines: readonly Line[]) {
  let narrowest = ACROSS;
  let found: { readonly one: Line; readonly other: Line; readonly line: Line } | undefined;
  for (const one of lines) {
    for (const other of lines) {
      if (other === one) continue;
      for (const first of [one, backwards(one)]) {
        for (const second of [other, backwards(other)]) {
          const gap = gapBetween(first, second);
          if (gap >= narrowest) continue;
          narrowest = gap;
          found = { one, other, line: [...first, ...second] };
        }
      }
    }
  }
  return found;
}

/** From the end of one to the start of the other; infinite where a hand would have to turn. */
function gapBetween(first: Line, second: Line): number {
  const [end, start] = [first.at(-1), second[0]];
  const [before, after] = [first.at(-END) ?? first[0], second[END - 1] ?? second.at(-1)];
  if (!end || !start || !before || !after) return Infinity;
  const straight = Math.min(cosine(before, end, end, start), cosine(end, start, start, after));
  return straight >= LEAST_COSINE ? Math.hypot(start[0] - end[0], start[1] - end[1]) : Infinity;
}

/** Of the angle between the ways from `a` to `b` and from `c` to `d`. */
function cosine(a: Point, b: Point, c: Point, d: Point): number {
  const [x, y, u, v] = [b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]];
  return (x * u + y * v) / (Math.hypot(x, y) * Math.hypot(u, v) || 1);
}

const backwards = (line: Line): Line => [...line].reverse();

const lengthOf = (points: Line): number =>
  points.reduce((sum, [x, y], i) => {
    const [px, py] = points[i - 1] ?? [x, y];
    return sum + Math.hypot(x - px, y - py);
  }, 0);
