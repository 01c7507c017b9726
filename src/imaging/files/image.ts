import { SaltError } from '../../protocol/errors.ts';
import type { Frame } from '../frame.ts';
import { TAIL, percentiles } from '../percentiles.ts';
import { decodeBmp } from './bmp.ts';
import { decodeGif } from './gif.ts';
import { decodeJpeg } from './jpeg.ts';
import { imageInvalid, imageUnsupported } from './picture.ts';
import type { Picture } from './picture.ts';
import { decodePng } from './png.ts';
import { decodePnm } from './pnm.ts';
import { decodeTiff } from './tiff.ts';

interface Format {
  readonly name: string;
  /** The file's first bytes; null stands for any. */
  readonly magic: readonly (number | null)[];
  readonly decode?: (bytes: Uint8Array, fileName: string) => Picture | Promise<Picture>;
}

const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));

/** By content, never by extension. Those without a decoder are there to be named in the error. */
const FORMATS: readonly Format[] = [
  { name: 'PNG', magic: [0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a], decode: decodePng },
  { name: 'JPEG', magic: [0xff, 0xd8, 0xff], decode: decodeJpeg },
  { name: 'TIFF', magic: [...ascii('II'), 42, 0], decode: decodeTiff },
  { name: 'TIFF', magic: [...ascii('MM'), 0, 42], decode: decodeTiff },
  { name: 'GIF', magic: ascii('GIF8'), decode: decodeGif },
  { name: 'BMP', magic: ascii('BM'), decode: decodeBmp },
  ...['P1', 'P2', 'P3', 'P4', 'P5', 'P6'].map((magic) => ({
    name: 'PNM',
    magic: ascii(magic),
    decode: decodePnm,
  })),
  { name: 'BigTIFF', magic: [...ascii('II'), 43, 0] },
  { name: 'WebP', magic: [...ascii('RIFF'), null, null, null, null, ...ascii('WEBP')] },
  { name: 'JPEG 2000', magic: [0, 0, 0, 12, ...ascii('jP  ')] },
  { name: 'NIfTI', magic: [0x5c, 1, 0, 0] },
  { name: 'gzip', magic: [0x1f, 0x8b] },
  { name: 'zip', magic: [...ascii('PK'), 3, 4] },
];

/**
 * Decodes PNG, JPEG, TIFF (first page), GIF (first image), BMP or PNM, told apart by their content.
 *
 * @throws SaltError IMAGE_INVALID for a damaged file, IMAGE_UNSUPPORTED for one that cannot be read here.
 */
export async function decodePicture(file: Uint8Array, fileName: string): Promise<Picture> {
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const format = FORMATS.find(({ magic }) => magic.every((byte, i) => byte === null || byte === bytes[i]));
  if (bytes.length === 0) throw imageInvalid(fileName, 'it is empty');
  if (!format?.decode) {
    throw imageUnsupported(
      fileName,
      format ? `${format.name} is not supported` : 'it is not an image that can be read',
    );
  }
  try {
    return await format.decode(bytes, fileName);
  } catch (error) {
    if (error instanceof SaltError) throw error;
    const reason = error instanceof Error ? error.message : 'its structure is damaged';
    throw imageInvalid(fileName, `it is a damaged ${format.name} file (${reason})`, error);
  }
}

/**
 * Decodes an image file to a frame. Values are scaled from the format's full range, except in grey images of 16
 * bits, which seldom use it: there percentiles become black and white. Alpha is laid over black.
 *
 * @throws SaltError IMAGE_INVALID, IMAGE_UNSUPPORTED.
 */
export async function decodeImage(bytes: Uint8Array, fileName: string): Promise<Frame> {
  const picture = await decodePicture(bytes, fileName);
  const { channels, pixels } = withoutAlpha(picture);
  const intensity =
    picture.white === 65535 && picture.channels === 1
      ? stretch(picture, pixels)
      : picture.white === 255
        ? '8-bit values as stored'
        : `0 to ${picture.white} scaled to 0 to 255`;
  const source = { file: fileName, frameNumber: 1 };
  return { width: picture.width, height: picture.height, channels, pixels, source, intensity };
}

/** Brings percentiles of the picture to 0 and 255, in place. */
function stretch({ values, white }: Picture, pixels: Float32Array): string {
  const [low, high] = percentiles(values);
  const black = (low * 255) / white;
  const factor = high > low ? white / (high - low) : 0;
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = Math.min(255, Math.max(0, ((pixels[i] ?? 0) - black) * factor));
  }
  return `percentiles ${TAIL} to ${100 - TAIL} of the image (${low} to ${high})`;
}

/** Grey or RGB in [0, 255], alpha laid over black. */
export function withoutAlpha(picture: Picture): { readonly channels: 1 | 3; readonly pixels: Float32Array } {
  const { values, white, channels: stored } = picture;
  const channels = stored <= 2 ? 1 : 3;
  const hasAlpha = stored !== channels;
  const count = picture.width * picture.height;
  const pixels = new Float32Array(count * channels);
  const factor = 255 / white;
  for (let i = 0; i < count; i++) {
    const alpha = hasAlpha ? (values[i * stored + channels] ?? 0) / white : 1;
    for (let c = 0; c < channels; c++)
      pixels[i * channels + c] = (values[i * stored + c] ?? 0) * alpha * factor;
  }
  return { channels, pixels };
}
