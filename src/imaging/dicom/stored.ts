import { isPlausible } from '../limits.ts';
import type { ImagePixel, Photometric } from './image-pixel.ts';

export type SampleArray = Uint8Array | Int8Array | Uint16Array | Int16Array;

/** One frame's values as the file stores them, decompressed: before rescaling, windowing and colour conversion. */
export interface StoredPixels {
  readonly width: number;
  readonly height: number;
  readonly samples: 1 | 3;
  /** What the values are; a codec that converts colour itself turns YBR into RGB. */
  readonly photometric: Photometric;
  /** Significant bits of each value. */
  readonly bits: number;
  /** Row-major, `height * width * samples`, colour interleaved. */
  readonly values: SampleArray;
}

/** Samples as a file or a codec gives them. */
export interface RawSamples {
  /** One or two bytes each, little endian. */
  readonly bytes: Uint8Array;
  readonly bytesPerSample: 1 | 2;
  /** Position of the lowest significant bit. */
  readonly shift: number;
}

/** Values from raw samples: unused bits dropped (older writers keep overlays there), the sign extended. */
export function toValues(raw: RawSamples, count: number, image: ImagePixel): SampleArray {
  const { bytes, bytesPerSample, shift } = raw;
  const { bitsStored, signed } = image;
  if (bytes.length < count * bytesPerSample) throw new Error('it has fewer pixels than it declares');
  const mask = 2 ** bitsStored - 1;
  const unused = signed ? 32 - bitsStored : 0;
  // Both loops write modulo the element size, so that a signed view of the result reads the sign.
  if (bytesPerSample === 1) {
    const out = new Uint8Array(count);
    for (let i = 0; i < count; i++) out[i] = ((((bytes[i] ?? 0) >> shift) & mask) << unused) >> unused;
    return signed ? new Int8Array(out.buffer) : out;
  }
  const out = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const word = (bytes[2 * i] ?? 0) | ((bytes[2 * i + 1] ?? 0) << 8);
    out[i] = (((word >> shift) & mask) << unused) >> unused;
  }
  return signed ? new Int16Array(out.buffer) : out;
}

/** Bits packed from the lowest of each byte (PS3.5 8.1.1), `count` of them from bit `start` on. */
export function unpackBits(bytes: Uint8Array, start: number, count: number): Uint8Array {
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const bit = start + i;
    out[i] = ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1;
  }
  return out;
}

/** Bytes that one decoded frame takes, and whether a frame encoded in `encodedBytes` can be that large. */
export function expectPlausible(image: ImagePixel, encodedBytes: number): void {
  const bytes = image.rows * image.columns * image.samples * (image.bitsAllocated > 8 ? 2 : 1);
  if (!isPlausible(bytes, encodedBytes)) {
    throw new Error(
      `it declares ${image.columns} x ${image.rows} pixels, which its ${encodedBytes} bytes cannot hold`,
    );
  }
}
