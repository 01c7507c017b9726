import { SaltError } from '../../protocol/errors.ts';

/** A decoded image file, before it becomes a frame or a mask. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; interleaved. */
  readonly channels: 1 | 2 | 3 | 4;
  /** Row-major, `height * width * channels`, from 0 (black) to `white`. */
  readonly values: Uint8Array | Uint16Array;
  /** The value that stands for full brightness: 1, 255 and 65535 are usual. */
  readonly white: number;
  /** Whether the format keeps values about as they were, no more. */
  readonly isLossy?: boolean;
}

/** An image file that breaks its own format, or ends before it should. */
export function imageInvalid(fileName: string, reason: string, cause?: unknown): SaltError {
  return new SaltError(
    'IMAGE_INVALID',
    `${fileName} cannot be read: ${reason}. Copy or export it again from where it came.`,
    { file: fileName },
    cause === undefined ? undefined : { cause },
  );
}

/** A file that may well be sound, but uses what this project does not read. */
export function imageUnsupported(fileName: string, reason: string): SaltError {
  return new SaltError(
    'IMAGE_UNSUPPORTED',
    `${fileName}: ${reason}. Save it as an ordinary 8-bit PNG, for instance.`,
    { file: fileName },
  );
}

/**
 * Colours of a palette laid over indices: grey where every colour that is used is grey.
 *
 * @param palette `[red, green, blue]` of each index, in [0, 255].
 */
export function fromPalette(
  width: number,
  height: number,
  indices: Uint8Array,
  palette: readonly (readonly number[])[],
): Picture {
  const used = new Set(indices);
  for (const index of used) {
    if (index >= palette.length)
      throw new Error(`a pixel has colour ${index} of a palette of ${palette.length}`);
  }
  const isGrey = [...used].every((index) => {
    const [red, green, blue] = palette[index] ?? [];
    return red === green && green === blue;
  });
  const channels = isGrey ? 1 : 3;
  const values = new Uint8Array(indices.length * channels);
  for (let i = 0; i < indices.length; i++) {
    const colour = palette[indices[i] ?? 0];
    for (let c = 0; c < channels; c++) values[i * channels + c] = colour?.[c] ?? 0;
  }
  return { width, height, channels, values, white: 255 };
}

/** Samples of 1, 2 or 4 bits, highest first, each row starting on a byte, to one byte each. */
export function unpackRows(packed: Uint8Array, width: number, height: number, bits: number): Uint8Array {
  const stride = Math.ceil((width * bits) / 8);
  const mask = 2 ** bits - 1;
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      const byte = packed[y * stride + (bit >> 3)] ?? 0;
      out[y * width + x] = (byte >> (8 - bits - (bit & 7))) & mask;
    }
  }
  return out;
}
