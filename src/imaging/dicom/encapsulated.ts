import { decodeJpegLossless } from '../codecs/jpeg-lossless.ts';
import { expectEndOfImage } from '../codecs/jpeg-ls-header.ts';
import { readJpegHeader, withoutColourTransform } from '../codecs/jpeg-header.ts';
import { readJpeg2000Header } from '../codecs/jpeg-2000-header.ts';
import { decodeRle } from '../codecs/rle.ts';
import { decodeWithWasm } from '../codecs/wasm.ts';
import type { CodecImage } from '../codecs/image.ts';
import type { ImagePixel, Photometric } from './image-pixel.ts';
import { expectPlausible, toValues } from './stored.ts';
import type { StoredPixels } from './stored.ts';
import type { PixelEncoding } from './transfer-syntax.ts';

/** A stream that is sound, but that no codec here reads. */
export class UnsupportedStream extends Error {}

/**
 * Decodes one frame of encapsulated pixel data. The stream's own header is read and compared first, so that no
 * codec allocates for a size that the file does not declare.
 *
 * @throws Error when the stream is damaged or disagrees with the file; UnsupportedStream.
 */
export async function decodeEncapsulated(
  encoded: Uint8Array,
  encoding: PixelEncoding,
  image: ImagePixel,
): Promise<StoredPixels> {
  expectPlausible(image, encoded.length);
  if (encoding === 'rle') {
    const bytesPerSample = image.bitsAllocated > 8 ? 2 : 1;
    const bytes = decodeRle(encoded, image.rows * image.columns, image.samples, bytesPerSample);
    return toStored(image, bytes, bytesPerSample, image.highBit + 1 - image.bitsStored, image.photometric);
  }
  const { decoded, photometric } =
    encoding === 'jpeg'
      ? await decodeJpegFamily(encoded, image)
      : await decodeJpeg2000(encoded, encoding, image);
  expectSize(decoded, image);
  return toStored(image, decoded.bytes, decoded.bits > 8 ? 2 : 1, 0, photometric);
}

function toStored(
  image: ImagePixel,
  bytes: Uint8Array,
  bytesPerSample: 1 | 2,
  shift: number,
  photometric: Photometric,
): StoredPixels {
  const { columns, rows, samples, bitsStored } = image;
  const values = toValues({ bytes, bytesPerSample, shift }, rows * columns * samples, image);
  return { width: columns, height: rows, samples, photometric, bits: bitsStored, values };
}

interface Decoded {
  readonly decoded: CodecImage;
  readonly photometric: Photometric;
}

/** JPEG, lossless JPEG or JPEG-LS: the stream's marker says which, whatever the transfer syntax. */
async function decodeJpegFamily(encoded: Uint8Array, image: ImagePixel): Promise<Decoded> {
  const header = readJpegHeader(encoded);
  expectSize(header, image);
  const { photometric } = image;
  switch (header.process) {
    case 0xc3:
      return { decoded: decodeJpegLossless(encoded), photometric };
    case 0xf7:
      expectEndOfImage(encoded);
      return { decoded: await decodeWithWasm('jpeg-ls', encoded), photometric };
    case 0xc0:
    case 0xc1:
    case 0xc2: {
      if (header.precision !== 8) {
        throw new UnsupportedStream(`lossy JPEG of ${header.precision} bits cannot be decoded here`);
      }
      if (image.samples === 1) return { decoded: await decodeWithWasm('jpeg', encoded), photometric };
      // The codec turns YCbCr into RGB unless the stream says that its components are something else.
      const { adobeTransform, hasJfif } = header;
      if (adobeTransform === 0) return { decoded: await decodeWithWasm('jpeg', encoded), photometric };
      const untransformed = photometric === 'RGB' && adobeTransform === undefined && !hasJfif;
      const stream = untransformed ? withoutColourTransform(encoded) : encoded;
      return { decoded: await decodeWithWasm('jpeg', stream), photometric: 'RGB' };
    }
    default:
      throw new UnsupportedStream(`JPEG process 0x${header.process.toString(16)} cannot be decoded here`);
  }
}

async function decodeJpeg2000(
  encoded: Uint8Array,
  encoding: 'jpeg-2000' | 'htj2k' | 'native',
  image: ImagePixel,
): Promise<Decoded> {
  const header = readJpeg2000Header(encoded);
  expectSize(header, image);
  if (!header.fullResolution)
    throw new UnsupportedStream('JPEG 2000 with subsampled colour cannot be decoded here');
  const decoded = await decodeWithWasm(encoding === 'htj2k' ? 'htj2k' : 'jpeg-2000', encoded);
  // Both codecs undo the component transform that these two names stand for.
  const undone = image.photometric === 'YBR_ICT' || image.photometric === 'YBR_RCT';
  return { decoded, photometric: undone ? 'RGB' : image.photometric };
}

function expectSize(
  found: { readonly width: number; readonly height: number; readonly components: number },
  image: ImagePixel,
): void {
  if (found.width !== image.columns || found.height !== image.rows || found.components !== image.samples) {
    throw new Error(
      `its pixel data is ${found.width} x ${found.height} with ${found.components} samples per pixel where it ` +
        `declares ${image.columns} x ${image.rows} with ${image.samples}`,
    );
  }
}
