import { compressBlocks } from '../draw/compression.ts';

/**
 * What lossy compression leaves of an RGB image, in place: brightness in blocks of cosines, and the two colour
 * differences at half the resolution with coarser steps, as in JPEG files of cameras.
 * @param step step of the lowest frequencies of brightness, in grey levels
 */
export function compressColour(pixels: Float32Array, width: number, height: number, step: number): void {
  const [halfWidth, halfHeight] = [(width + 1) >> 1, (height + 1) >> 1];
  const luma = new Float32Array(width * height);
  const blueness = new Float32Array(halfWidth * halfHeight);
  const redness = new Float32Array(halfWidth * halfHeight);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [r, g, b] = [pixels[3 * i] ?? 0, pixels[3 * i + 1] ?? 0, pixels[3 * i + 2] ?? 0];
      luma[i] = 0.299 * r + 0.587 * g + 0.114 * b;
      if (((x | y) & 1) === 0) {
        const k = (y >> 1) * halfWidth + (x >> 1);
        blueness[k] = b - (luma[i] ?? 0);
        redness[k] = r - (luma[i] ?? 0);
      }
    }
  }
  compressBlocks(luma, width, height, step);
  compressBlocks(blueness, halfWidth, halfHeight, 2 * step);
  compressBlocks(redness, halfWidth, halfHeight, 2 * step);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const k = (y >> 1) * halfWidth + (x >> 1);
      const [l, b, r] = [luma[i] ?? 0, blueness[k] ?? 0, redness[k] ?? 0];
      pixels[3 * i] = clip(l + r);
      pixels[3 * i + 1] = clip(l - (0.299 * r + 0.114 * b) / 0.587);
      pixels[3 * i + 2] = clip(l + b);
    }
  }
}

function clip(value: number): number {
  return Math.min(255, Math.max(0, value));
}
