import { isPlausible } from '../limits.ts';
import { fromPalette, imageUnsupported, unpackRows } from './picture.ts';
import type { Picture } from './picture.ts';

/** Windows bitmap, uncompressed. @throws Error when it is damaged; SaltError IMAGE_UNSUPPORTED. */
export function decodeBmp(bytes: Uint8Array, fileName: string): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 26) throw new Error('it ends inside the BMP header');
  const pixelsAt = view.getUint32(10, true);
  const headerSize = view.getUint32(14, true);
  const isOld = headerSize === 12;
  if (!isOld && (headerSize < 40 || view.byteLength < 54)) throw new Error('an unknown BMP header');
  const width = isOld ? view.getUint16(18, true) : view.getInt32(18, true);
  const storedHeight = isOld ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const compression = isOld ? 0 : view.getUint32(30, true);
  const height = Math.abs(storedHeight);

  // Bit fields in the usual order (blue, green, red, unused) are what 32 bits mean anyway.
  const usualFields =
    compression === 3 && bits === 32 && view.byteLength >= 58 && view.getUint32(54, true) === 0xff0000;
  if (![1, 4, 8, 24, 32].includes(bits) || (compression !== 0 && !usualFields)) {
    throw imageUnsupported(
      fileName,
      `a BMP of ${bits} bits with compression ${compression} is not supported`,
    );
  }
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (width < 1 || height < 1 || !isPlausible(stride * height, bytes.length)) {
    throw new Error(`it declares ${width} x ${storedHeight} pixels`);
  }
  if (pixelsAt + stride * height > bytes.length) throw new Error('it ends inside its pixels');

  const rowAt = (y: number) => pixelsAt + (storedHeight > 0 ? height - 1 - y : y) * stride;
  if (bits <= 8) {
    const entrySize = isOld ? 3 : 4;
    const paletteAt = 14 + headerSize;
    const colours = Math.min(2 ** bits, Math.floor((pixelsAt - paletteAt) / entrySize));
    const palette = Array.from({ length: Math.max(0, colours) }, (_, i) => {
      const at = paletteAt + i * entrySize;
      return [bytes[at + 2] ?? 0, bytes[at + 1] ?? 0, bytes[at] ?? 0];
    });
    const indices = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      const row = bytes.subarray(rowAt(y), rowAt(y) + stride);
      indices.set(unpackRows(row, width, 1, bits), y * width);
    }
    return fromPalette(width, height, indices, palette);
  }
  const values = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = rowAt(y) + (x * bits) / 8;
      const o = (y * width + x) * 3;
      values[o] = bytes[i + 2] ?? 0;
      values[o + 1] = bytes[i + 1] ?? 0;
      values[o + 2] = bytes[i] ?? 0;
    }
  }
  return { width, height, channels: 3, values, white: 255 };
}
