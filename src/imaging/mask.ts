import { encode } from 'fast-png';
import { SaltError } from '../protocol/errors.ts';
import type { Region } from '../protocol/frames.ts';
import type { Frame, Mask } from './frame.ts';
import { resizeBilinear } from './geometry/resize.ts';
import { decodePicture, withoutAlpha } from './files/image.ts';
import { NOISE, labelsIn, luminanceOf } from './mask-labels.ts';

/**
 * A mask from an image file: 1 where the luminance reaches half of the format's range (128 of 255, 1 of 1), so that
 * the near-blacks and near-whites of palettes and of lossy images fall on their side.
 *
 * @throws SaltError IMAGE_INVALID, IMAGE_UNSUPPORTED; DATASET_INVALID for a file that counts 0, 1, ... or stops short of half
 *   of the range, since every pixel of it would read as background, and for one that tells structures apart by greys or
 *   colours, since some would be lost and others become one.
 */
export async function maskFromImage(bytes: Uint8Array, fileName: string): Promise<Mask> {
  const picture = await decodePicture(bytes, fileName);
  const { width, height, white, isLossy = false } = picture;
  const { channels, pixels } = withoutAlpha(picture);
  const data = new Uint8Array(width * height);
  let brightest = 0;
  let darkest = 255;
  for (let i = 0; i < data.length; i++) {
    const luminance = channels === 1 ? (pixels[i] ?? 0) : luminanceAt(pixels, i * 3);
    brightest = Math.max(brightest, luminance);
    darkest = Math.min(darkest, luminance);
    // Rounding in the luminance must not cost the value that is exactly half.
    data[i] = luminance >= (255 / white) * Math.ceil(white / 2) - 1e-3 ? 1 : 0;
  }
  const highest = Math.round((brightest * white) / 255);
  const counts = white >= 255 && highest > 0 && highest <= 3;
  // Nothing but a palette makes all of a lossless image one near-black: what differs there is meant.
  const isNoise = brightest < NOISE && (isLossy || darkest === brightest);
  if (counts || (highest > 0 && !isNoise && !data.includes(1))) {
    throw notMask(
      fileName,
      `its highest value is ${highest} of ${white}, and a pixel counts as the structure from ${Math.ceil(white / 2)} on. ` +
        `Save it with ${white} for the structure and 0 for the rest.`,
    );
  }
  const labels = labelsIn({ width, height, channels, pixels }, isLossy);
  if (labels !== undefined) {
    throw notMask(
      fileName,
      `it has ${labels}, as if each meant something else. ` +
        `Save a file for each structure, with ${white} for it and 0 for the rest.`,
    );
  }
  return { width, height, data };
}

function notMask(file: string, why: string): SaltError {
  return new SaltError('DATASET_INVALID', `${file} is no black and white mask: ${why}`, { file });
}

function luminanceAt(pixels: Float32Array, i: number): number {
  return luminanceOf([pixels[i] ?? 0, pixels[i + 1] ?? 0, pixels[i + 2] ?? 0]);
}

/** Of the structure's pixels, from 0 at the left; undefined where there are none. */
export function meanColumn({ width, data }: Mask): number | undefined {
  let [sum, count] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== 1) continue;
    sum += i % width;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}

/**
 * The mask at another size of the same proportions: each pixel by whether half of what it covers was set.
 *
 * @throws SaltError INVALID_ARGUMENT when the proportions differ.
 */
export function resizeMask(mask: Mask, width: number, height: number): Mask {
  if (mask.width === width && mask.height === height) return mask;
  if (mask.width * height !== mask.height * width) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `A mask of ${mask.width} x ${mask.height} does not fit an image of ${width} x ${height}.`,
    );
  }
  const raster = { width: mask.width, height: mask.height, channels: 1, pixels: new Float32Array(mask.data) };
  const { pixels } = resizeBilinear(raster, width, height);
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = (pixels[i] ?? 0) >= 0.5 ? 1 : 0;
  return { width, height, data };
}

/**
 * 1 inside a region, and inside another mask of the frame's size where there is one.
 * @returns undefined where neither is given: everywhere
 */
export function maskOfRegion(
  { width, height }: { readonly width: number; readonly height: number },
  region: Region | undefined,
  inside?: Mask,
): Mask | undefined {
  if (!region) return inside;
  const data = new Uint8Array(width * height);
  for (let y = region.top; y < region.top + region.height; y++) {
    const from = y * width + region.left;
    if (inside) data.set(inside.data.subarray(from, from + region.width), from);
    else data.fill(1, from, from + region.width);
  }
  return { width, height, data };
}

/** An 8-bit grey PNG, 255 for the structure. */
export function encodeMaskPng(mask: Mask): Uint8Array {
  const data = new Uint8Array(mask.data.length);
  for (let i = 0; i < data.length; i++) data[i] = mask.data[i] ? 255 : 0;
  return encode({ width: mask.width, height: mask.height, data, channels: 1, depth: 8 });
}

/** A frame as an 8-bit PNG, grey or RGB, rounded. */
export function encodeFramePng(frame: Pick<Frame, 'width' | 'height' | 'channels' | 'pixels'>): Uint8Array {
  const { width, height, channels, pixels } = frame;
  return encode({ width, height, channels, depth: 8, data: toBytes(pixels) });
}

function toBytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.min(255, Math.max(0, Math.round(values[i] ?? 0)));
  return bytes;
}
