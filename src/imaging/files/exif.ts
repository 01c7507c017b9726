import { decode } from 'tiff';
import { imageUnsupported } from './picture.ts';

/** What Exif begins with in a JPEG's APP1 segment; what follows is a TIFF directory (JEITA CP-3451). */
const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0];
const APP1 = 0xe1;
const START_OF_SCAN = 0xda;

/** The Exif of a JPEG stream whose segments were found sound; undefined where it has none. */
export function exifOfJpeg(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (view.getUint8(at) !== 0xff || marker === START_OF_SCAN) return undefined;
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === APP1 && EXIF.every((byte, i) => bytes[at + 4 + i] === byte)) {
      return bytes.subarray(at + 4 + EXIF.length, end);
    }
    at = end;
  }
  return undefined;
}

/**
 * Cameras store pictures as their sensor lay, and note how to turn them. Some programs follow the note and some do not, so that
 * nobody knows which way up a mask was drawn.
 * @throws SaltError IMAGE_UNSUPPORTED where the picture is to be turned or mirrored
 */
export function requireUpright(exif: Uint8Array | undefined, fileName: string): void {
  if (!exif) return;
  let orientation: number;
  try {
    orientation = decode(exif, { pages: [0], ignoreImageData: true })[0]?.orientation ?? 1;
  } catch {
    // What cannot be read turns nothing, anywhere.
    return;
  }
  if (orientation > 1 && orientation <= 8) {
    throw imageUnsupported(
      fileName,
      `its Exif says that it is to be turned or mirrored (orientation ${orientation}), which not every program does`,
    );
  }
}
