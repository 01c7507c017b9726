/** How a person would paint a structure whose truth is known: along its middle, with brushes as wide as it is. */
import type { Mask } from '../../src/imaging/frame.ts';
import { distanceTo } from '../../src/metrics/distance-transform.ts';
import { LEAST_LENGTH, inStraightLines, middleOf, neighbours } from './lines.ts';
import type { Point } from './lines.ts';

/** One movement of the brush: from the press of the button to its release. */
export interface Stroke {
  /** In pixels of the image. */
  readonly diameter: number;
  readonly path: readonly Point[];
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

/** What lies so near to a structure, in pixels, is its rim drawn too wide. */
const RIM = 4;

export function strokesAlong(mask: Mask, { brushes, most }: StrokeOptions): Stroke[] {
  const { width, height, data } = mask;
  const middle = middleOf(mask);
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
