import { readJpegHeader } from '../codecs/jpeg-header.ts';
import { decodeWithWasm } from '../codecs/wasm.ts';
import { isPlausible } from '../limits.ts';
import { exifOfJpeg, requireUpright } from './exif.ts';
import { imageUnsupported } from './picture.ts';
import type { Picture } from './picture.ts';

/** @throws Error when the file is damaged; SaltError IMAGE_UNSUPPORTED for CMYK, 12 bits, lossless and what is to be turned. */
export async function decodeJpeg(bytes: Uint8Array, fileName: string): Promise<Picture> {
  const { process, precision, width, height, components } = readJpegHeader(bytes);
  if (process > 0xc2 || precision !== 8) {
    throw imageUnsupported(
      fileName,
      `JPEG of process 0x${process.toString(16)} with ${precision} bits is not supported`,
    );
  }
  if (components !== 1 && components !== 3) {
    throw imageUnsupported(fileName, `JPEG with ${components} colour components is not supported`);
  }
  requireUpright(exifOfJpeg(bytes), fileName);
  if (!isPlausible(width * height * components, bytes.length)) {
    throw new Error(`it declares ${width} x ${height} pixels, which its ${bytes.length} bytes cannot hold`);
  }
  const decoded = await decodeWithWasm('jpeg', bytes);
  if (decoded.width !== width || decoded.height !== height || decoded.components !== components) {
    throw new Error('its headers disagree about its size');
  }
  return { width, height, channels: components, values: decoded.bytes, white: 255, isLossy: true };
}
