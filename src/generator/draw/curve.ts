import type { Random } from '../../protocol/random.ts';
import type { VesselPiece } from './strokes.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

export interface CurveOptions {
  readonly x: number;
  readonly y: number;
  /** Radians, x to the right and y down. */
  readonly heading: number;
  /** Ends after this length, in pixels, or once it has left the image by a tenth. */
  readonly length: number;
  /** Turn per pixel at a way along the curve, in radians: the shape it was given. */
  readonly bend: (way: number) => number;
  /** Deviation of the slow wander of its direction, in radians per 100 pixels. */
  readonly wander: number;
}

/** A smooth curve, such as a catheter's, a wire's or a cable's, as points some pixels apart. */
export function traceCurve(random: Random, size: number, options: CurveOptions): CurvePoint[] {
  const step = Math.max(1, size / 200);
  const points: CurvePoint[] = [];
  let { x, y, heading } = options;
  let drift = 0;
  for (let way = 0; way <= options.length; way += step) {
    points.push({ x, y });
    if (Math.max(-x, -y, x - size, y - size) > 0.1 * size) break;
    drift = 0.97 * drift + 0.24 * (options.wander / 100) * random.normal();
    heading += (options.bend(way) + drift) * step;
    x += step * Math.cos(heading);
    y += step * Math.sin(heading);
  }
  return points;
}

/** The tube of one radius along a curve. */
export function tubeAlong(points: readonly CurvePoint[], radius: number): VesselPiece[] {
  const pieces: VesselPiece[] = [];
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1], points[i]];
    if (from && to) pieces.push({ x0: from.x, y0: from.y, x1: to.x, y1: to.y, radius });
  }
  return pieces;
}
