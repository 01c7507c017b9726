import { decode } from 'fast-png';
import { inflate } from '../inflate.ts';
import { isPlausible } from '../limits.ts';
import { requireUpright } from './exif.ts';
import { fromPalette, unpackRows } from './picture.ts';
import type { Picture } from './picture.ts';

/** Compressed data above which its inflated size is checked before the library inflates it all. */
const UNCHECKED_BYTES = 2 ** 16;

interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly channels: number;
}

/** @throws Error when the file is damaged; SaltError IMAGE_UNSUPPORTED for one that is to be turned. */
export async function decodePng(bytes: Uint8Array, fileName: string): Promise<Picture> {
  const header = readHeader(bytes);
  requireUpright(chunksOf(bytes, EXIF)[0], fileName);
  await expectBounded(bytes, header);
  const png = decode(bytes, { checkCrc: true });
  const { width, height, depth } = png;
  const white = 2 ** depth - 1;
  if (depth < 8 && png.channels !== 1) throw new Error(`${png.channels} channels of ${depth} bits`);
  const { data } = png;
  if (data instanceof Uint8ClampedArray) throw new Error('an unexpected kind of pixel data');
  const values = depth < 8 ? unpackRows(new Uint8Array(data), width, height, depth) : data;
  if (png.palette) return fromPalette(width, height, Uint8Array.from(values), png.palette);
  const { channels } = png;
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4)
    throw new Error(`${channels} channels`);
  return { width, height, channels, values, white };
}

function readHeader(bytes: Uint8Array): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 33) throw new Error('it ends inside the PNG header');
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[view.getUint8(25)];
  if (channels === undefined) throw new Error('an unknown PNG colour type');
  const header = {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: view.getUint8(24),
    channels,
  };
  if (!isPlausible(rowBytes(header) * header.height, bytes.length)) {
    throw new Error(
      `it declares ${header.width} x ${header.height} pixels, which its ${bytes.length} bytes cannot hold`,
    );
  }
  return header;
}

function rowBytes({ width, depth, channels }: PngHeader): number {
  return 1 + Math.ceil((width * depth * channels) / 8);
}

/** The library inflates whatever is there: make sure that it is no more than the image (or its interlaced form). */
async function expectBounded(bytes: Uint8Array, header: PngHeader): Promise<void> {
  const chunks = chunksOf(bytes, IMAGE_DATA);
  const compressed = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (compressed <= UNCHECKED_BYTES) return;
  const joined = new Uint8Array(compressed);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  const limit = 2 * rowBytes(header) * header.height + 65536;
  if (!(await inflate(joined, 'deflate', limit)))
    throw new Error('its pixel data grows beyond the declared size');
}

const IMAGE_DATA = 0x49444154;
const EXIF = 0x65584966;

/** The contents of chunks of a type. */
function chunksOf(bytes: Uint8Array, type: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Uint8Array[] = [];
  let at = 8;
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) throw new Error('it ends inside a PNG chunk');
    if (view.getUint32(at + 4) === type) chunks.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return chunks;
}
