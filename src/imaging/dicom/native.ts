import type { DataSet, Element } from 'dicom-parser';
import { interleave } from '../codecs/image.ts';
import type { ImagePixel } from './image-pixel.ts';
import { toValues, unpackBits } from './stored.ts';
import type { SampleArray, StoredPixels } from './stored.ts';

/** What of an image says how long its uncompressed frames are. */
export interface NativeShape {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samples: number;
  readonly photometric: string | undefined;
  readonly bitsAllocated: number;
}

/**
 * How many bits one frame takes of uncompressed pixel data: programs that unpack JPEG leave 4:2:2 in its name, though they
 * write chroma for every pixel, which its length tells.
 */
export function frameBits(image: NativeShape, pixelData: Pick<Element, 'length'>): number {
  const { rows, columns, frames, samples, photometric, bitsAllocated } = image;
  const full = rows * columns * samples * bitsAllocated;
  if (photometric !== 'YBR_FULL_422' || pixelData.length >= (full * frames) / 8) return full;
  // 4:2:2 keeps two chroma samples for every two pixels.
  return rows * columns * 2 * bitsAllocated;
}

/** The image as uncompressed pixel data really is: 4:2:2 only where it is that short. */
export function asHeld(image: ImagePixel, pixelData: Element): ImagePixel {
  if (image.photometric !== 'YBR_FULL_422') return image;
  const full = { ...image, photometric: 'YBR_FULL' as const };
  return frameBits(image, pixelData) === frameBits(full, pixelData) ? full : image;
}

/** Checks, before any frame is read, that uncompressed pixel data is as long as the file declares. */
export function expectNativeLength(dataSet: DataSet, pixelData: Element, image: ImagePixel): void {
  const held = Math.min(pixelData.length, dataSet.byteArray.length - pixelData.dataOffset);
  const due = Math.ceil((frameBits(image, pixelData) * image.frames) / 8);
  if (held < due) {
    throw new Error(
      `${image.frames} frames of ${image.columns} x ${image.rows} take ${due} bytes, and it holds ${Math.max(0, held)}`,
    );
  }
}

/** One frame of uncompressed pixel data, zero-based. */
export function readNativeFrame(
  dataSet: DataSet,
  pixelData: Element,
  image: ImagePixel,
  frame: number,
  bigEndian: boolean,
): StoredPixels {
  const bits = frameBits(image, pixelData);
  const data = dataSet.byteArray.subarray(pixelData.dataOffset);
  if (image.bitsAllocated === 1) {
    return toStored(image, unpackBits(data, frame * bits, image.rows * image.columns));
  }
  const bytesPerSample = image.bitsAllocated === 8 ? 1 : 2;
  const start = (frame * bits) / 8;
  let bytes = data.subarray(start, start + bits / 8);
  // Big endian swaps the bytes of 16-bit words, also where two 8-bit samples share one.
  if (bigEndian && (bytesPerSample === 2 || pixelData.vr === 'OW')) bytes = swapWords(data, start, bits / 8);
  if (image.photometric === 'YBR_FULL_422') bytes = expand422(bytes, bytesPerSample);
  else if (image.samples === 3 && image.planar) bytes = interleave(bytes, 3, bytesPerSample);
  const count = image.rows * image.columns * image.samples;
  const shift = image.highBit + 1 - image.bitsStored;
  const stored = toStored(image, toValues({ bytes, bytesPerSample, shift }, count, image));
  return image.photometric === 'YBR_FULL_422' ? { ...stored, photometric: 'YBR_FULL' } : stored;
}

function toStored(image: ImagePixel, values: SampleArray): StoredPixels {
  const { columns, rows, samples, photometric, bitsStored } = image;
  return { width: columns, height: rows, samples, photometric, bits: bitsStored, values };
}

function swapWords(data: Uint8Array, start: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  // The partner of byte i is i ^ 1, counted from the start of the pixel data.
  for (let i = 0; i < length; i++) out[i] = data[(start + i) ^ 1] ?? 0;
  return out;
}

/** Y1 Y2 Cb Cr for two pixels to Y Cb Cr for each (PS3.3 C.7.6.3.1.2). */
function expand422(bytes: Uint8Array, size: 1 | 2): Uint8Array {
  const pairs = Math.floor(bytes.length / (4 * size));
  const out = new Uint8Array(pairs * 6 * size);
  for (let pair = 0; pair < pairs; pair++) {
    const [y1, y2, cb, cr] = [0, 1, 2, 3].map((i) => (pair * 4 + i) * size) as [
      number,
      number,
      number,
      number,
    ];
    for (const [i, from] of [y1, cb, cr, y2, cb, cr].entries()) {
      for (let b = 0; b < size; b++) out[(pair * 6 + i) * size + b] = bytes[from + b] ?? 0;
    }
  }
  return out;
}
