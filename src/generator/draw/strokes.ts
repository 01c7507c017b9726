import type { Mask } from '../../imaging/frame.ts';

/** A short straight piece of a tube with round ends, in pixels; the centre of the first pixel is (0, 0). */
export interface VesselPiece {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly radius: number;
}

/**
 * Length of the beam's way through the tubes at each pixel, in pixels: the chord 2 sqrt(r^2 - d^2) of the thickest
 * piece, averaged over the pixel's width, so that a tube thinner than a pixel keeps its area. Pieces that should add
 * up (two vessels that cross) are drawn apart and summed.
 */
export function strokeThickness(pieces: readonly VesselPiece[], width: number, height: number): Float32Array {
  const thickness = new Float32Array(width * height);
  forEachNear(pieces, width, height, 0.5, (i, distance, radius) => {
    const chord = meanChord(distance, radius);
    if (chord > (thickness[i] ?? 0)) thickness[i] = chord;
  });
  return thickness;
}

/** Pixels that a tube covers by half or more; a tube thinner than a pixel still gives a connected line. */
export function strokeMask(pieces: readonly VesselPiece[], width: number, height: number): Mask {
  const data = new Uint8Array(width * height);
  forEachNear(pieces, width, height, 0.5, (i, distance, radius) => {
    if (distance <= Math.max(radius, LEAST_HALF_WIDTH)) data[i] = 1;
  });
  return { width, height, data };
}

/** A strip one pixel wide holds an eight-connected row of pixel centres at every angle; a hair more for rounding. */
const LEAST_HALF_WIDTH = 0.5 + 1e-6;

/** Visits each pixel nearer to a piece than its radius and `margin`, with the distance from the piece's axis. */
export function forEachNear(
  pieces: readonly VesselPiece[],
  width: number,
  height: number,
  margin: number,
  visit: (index: number, distance: number, radius: number) => void,
): void {
  for (const { x0, y0, x1, y1, radius } of pieces) {
    const reach = Math.max(radius, 0.5) + margin;
    const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
    const right = Math.min(width - 1, Math.floor(Math.max(x0, x1) + reach));
    const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
    const bottom = Math.min(height - 1, Math.floor(Math.max(y0, y1) + reach));
    const [dx, dy] = [x1 - x0, y1 - y0];
    const squaredLength = dx * dx + dy * dy;
    const perLength = squaredLength > 0 ? 1 / squaredLength : 0;
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) * perLength));
        const offX = x - x0 - along * dx;
        const offY = y - y0 - along * dy;
        const squared = offX * offX + offY * offY;
        if (squared < reach * reach) visit(y * width + x, Math.sqrt(squared), radius);
      }
    }
  }
}

/** The chord of a circle at `distance` from its centre, averaged over one pixel across. */
export function meanChord(distance: number, radius: number): number {
  // Well inside, the chord is so flat that its middle is its mean.
  if (distance < radius - 1.5) return 2 * Math.sqrt(radius * radius - distance * distance);
  return Math.max(0, areaUpTo(distance + 0.5, radius) - areaUpTo(distance - 0.5, radius));
}

/** Integral of the chord 2 sqrt(r^2 - t^2) over t from 0 to `distance`. */
function areaUpTo(distance: number, radius: number): number {
  const t = Math.min(radius, Math.max(-radius, distance));
  return t * Math.sqrt(radius * radius - t * t) + radius * radius * Math.asin(t / radius);
}
