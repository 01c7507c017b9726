import { SaltError } from '../../protocol/errors.ts';
import type { Mask } from '../frame.ts';
import type { Raster } from './resize.ts';
import { scaleToSquare } from './square.ts';
import type { SquareGeometry } from './square.ts';

/** Mean and deviation that SAM's image encoder was trained with, RGB in [0, 255] (`pixel_mean`, `pixel_std`). */
export const SAM_MEAN = [123.675, 116.28, 103.53] as const;
export const SAM_DEVIATION = [58.395, 57.12, 57.375] as const;

/**
 * SAM's input: a frame resized into the square, normalised, then padded with zeros (in that order).
 *
 * @param raster a frame's pixels in [0, 255], 1 or 3 channels; grey is repeated.
 * @returns planar `[3, side, side]`.
 */
export function samInput(geometry: SquareGeometry, raster: Raster): Float32Array {
  const scaled = scaleToSquare(geometry, raster);
  const { side } = geometry;
  const out = new Float32Array(3 * side * side);
  for (let plane = 0; plane < 3; plane++) {
    const mean = SAM_MEAN[plane] ?? 0;
    const deviation = SAM_DEVIATION[plane] ?? 1;
    const channel = raster.channels === 1 ? 0 : plane;
    for (let y = 0; y < scaled.height; y++) {
      let i = y * scaled.width * scaled.channels + channel;
      let o = (plane * side + y) * side;
      for (let x = 0; x < scaled.width; x++, i += scaled.channels, o++) {
        out[o] = ((scaled.pixels[i] ?? 0) - mean) / deviation;
      }
    }
  }
  return out;
}

/**
 * Each channel less its mean, over its deviation, both taken inside the field of view: the U-Net's input.
 *
 * @param raster 1 or 3 channels; grey is repeated and RGB becomes luminance where `planes` asks for it.
 * @param fieldOfView where to measure; everywhere when absent or empty. Every pixel is normalised, inside or not.
 * @returns planar `[planes, height, width]`; a channel without variation becomes 0.
 */
export function normaliseInside(raster: Raster, planes: 1 | 3, fieldOfView?: Mask): Float32Array {
  const { width, height } = raster;
  if (fieldOfView && (fieldOfView.width !== width || fieldOfView.height !== height)) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The field of view is ${fieldOfView.width} x ${fieldOfView.height}, its image ${width} x ${height}.`,
    );
  }
  const out = toPlanes(raster, planes);
  for (let plane = 0; plane < planes; plane++) {
    normalisePlane(out.subarray(plane * width * height, (plane + 1) * width * height), fieldOfView?.data);
  }
  return out;
}

/** Interleaved to planar. Luminance as ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B. */
function toPlanes(raster: Raster, planes: 1 | 3): Float32Array {
  const { channels, pixels } = raster;
  const size = raster.width * raster.height;
  const out = new Float32Array(planes * size);
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < size; i++) {
      const p = i * channels;
      if (channels === 1) out[plane * size + i] = pixels[p] ?? 0;
      else if (planes === 3) out[plane * size + i] = pixels[p + plane] ?? 0;
      else out[i] = 0.299 * (pixels[p] ?? 0) + 0.587 * (pixels[p + 1] ?? 0) + 0.114 * (pixels[p + 2] ?? 0);
    }
  }
  return out;
}

function normalisePlane(plane: Float32Array, inside: Uint8Array | undefined): void {
  const within = inside?.includes(1) ? inside : undefined;
  let count = 0;
  let sum = 0;
  for (let i = 0; i < plane.length; i++) {
    if (within && within[i] === 0) continue;
    count++;
    sum += plane[i] ?? 0;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < plane.length; i++) {
    if (!within || within[i] !== 0) squares += ((plane[i] ?? 0) - mean) ** 2;
  }
  const deviation = Math.sqrt(squares / count);
  // Grey levels are 1 apart: less variation than this is rounding, not an image.
  const factor = deviation > 1e-3 ? 1 / deviation : 0;
  for (let i = 0; i < plane.length; i++) plane[i] = ((plane[i] ?? 0) - mean) * factor;
}
