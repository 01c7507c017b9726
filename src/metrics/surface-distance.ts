import { distanceTo } from './distance-transform.ts';
import type { Spacing } from './distance-transform.ts';

/**
 * Pixels of a mask that have one of their four neighbours outside it; what lies beyond the image is outside. That is the
 * mask without its erosion by a cross (SciPy's `binary_erosion` with its defaults).
 */
export function surfaceOf(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const surface = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (!pixels[i]) continue;
      const inside =
        y > 0 &&
        y < height - 1 &&
        x > 0 &&
        x < width - 1 &&
        pixels[i - width] &&
        pixels[i + width] &&
        pixels[i - 1] &&
        pixels[i + 1];
      surface[i] = inside ? 0 : 1;
    }
  }
  return surface;
}

/**
 * HD95: the distances from each surface pixel of `a` to the nearest of `b` and the other way round, pooled, and of these the
 * 95th percentile with linear interpolation (MedPy's `hd95`, NumPy's `percentile`). Both surfaces have a pixel.
 */
export function surfaceDistance95(
  a: Uint8Array,
  b: Uint8Array,
  width: number,
  height: number,
  spacing: Spacing,
): number {
  const toA = distanceTo(a, width, height, spacing);
  const toB = distanceTo(b, width, height, spacing);
  const distances = Float64Array.from([...toB.filter((_, i) => a[i]), ...toA.filter((_, i) => b[i])]);
  return percentile(distances.sort(), 0.95);
}

function percentile(ascending: Float64Array, fraction: number): number {
  const place = fraction * (ascending.length - 1);
  const below = Math.floor(place);
  const low = ascending[below]!;
  const high = ascending[Math.min(below + 1, ascending.length - 1)]!;
  return low + (high - low) * (place - below);
}
