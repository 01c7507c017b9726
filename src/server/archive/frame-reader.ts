import { open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DataSet, Element } from 'dicom-parser';
import { decimal, text, unsigned16 } from '../../imaging/dicom/data-set.ts';
import { dicomInvalid, dicomUnsupported, reasonOf } from '../../imaging/dicom/errors.ts';
import { frameFragments } from '../../imaging/dicom/fragments.ts';
import { frameBits } from '../../imaging/dicom/native.ts';
import type { NativeShape } from '../../imaging/dicom/native.ts';
import { unpackBits } from '../../imaging/dicom/stored.ts';
import { EXPLICIT_BIG_ENDIAN, EXPLICIT_LITTLE_ENDIAN } from '../../imaging/dicom/transfer-syntax.ts';
import { SaltError } from '../../protocol/errors.ts';
import { parseWhole, readHeader } from '../dicom/read-header.ts';
import type { Header } from '../dicom/read-header.ts';

/** The frames of one file, whose places are known: reading one touches nothing else. */
export interface FrameReader {
  readonly frames: number;
  /** Of the frames as they are read: big endian and deflated ones become explicit little endian. */
  readonly transferSyntax: string;
  /** Kept in memory for reading, in bytes. */
  readonly heldBytes: number;
  /** Frame `number` (one-based), its fragments joined. @throws errors of the file system */
  read(number: number): Promise<Uint8Array>;
}

/** `start` and `end` in bytes of the file. */
interface Range {
  readonly start: number;
  readonly end: number;
}

const PIXEL_DATA = 'x7fe00010';

/** @throws SaltError `DICOM_INVALID` for pixel data shorter than declared, `DICOM_UNSUPPORTED` for a file without any. */
async function openFrames(path: string): Promise<FrameReader> {
  const name = basename(path);
  const header = await readHeader(path, name);
  if (!header) throw dicomInvalid(name, 'it is not a DICOM file');
  const pixelData = header.dataSet.elements[PIXEL_DATA];
  if (!pixelData) throw dicomUnsupported(name, 'it holds no image', 'Ask for the whole instance.');
  try {
    const encapsulated = pixelData.hadUndefinedLength === true && !header.inflated;
    return encapsulated ? await openFragments(path, name, header) : openNative(path, header, pixelData);
  } catch (error) {
    throw error instanceof SaltError ? error : dicomInvalid(name, reasonOf(error), error);
  }
}

async function openFragments(
  path: string,
  name: string,
  { dataSet, transferSyntax }: Header,
): Promise<FrameReader> {
  const frames = frameCount(dataSet);
  const whole = parseWhole(await readFile(path), name);
  const pixelData = whole.dataSet.elements[PIXEL_DATA];
  if (!pixelData) throw new Error('it has no pixel data');
  // Copied, since the originals hold on to the bytes of the file.
  const places = frameFragments(whole.dataSet, pixelData, frames).map((ranges) =>
    ranges.map(({ start, end }) => ({ start, end })),
  );
  return {
    frames,
    transferSyntax,
    heldBytes: 0,
    async read(number) {
      const parts = await readRanges(path, places[number - 1] ?? []);
      const [only] = parts;
      return only && parts.length === 1 ? only : Buffer.concat(parts);
    },
  };
}

function openNative(path: string, header: Header, pixelData: Element): FrameReader {
  const { dataSet, inflated } = header;
  const frames = frameCount(dataSet);
  const bits = frameBits(shapeOf(dataSet, frames), pixelData);
  const start = pixelData.dataOffset;
  const end = inflated ? dataSet.byteArray.length : header.size;
  const held = Math.min(pixelData.length, end - start);
  const due = Math.ceil((bits * frames) / 8);
  if (held < due)
    throw new Error(`its ${frames} frames take ${due} bytes, and it holds ${Math.max(0, held)}`);

  const read = async (range: Range): Promise<Uint8Array> => {
    if (inflated) return dataSet.byteArray.subarray(range.start, range.end);
    const [bytes] = await readRanges(path, [range]);
    return bytes ?? new Uint8Array();
  };
  const swap =
    header.transferSyntax === EXPLICIT_BIG_ENDIAN &&
    (pixelData.vr === 'OW' || unsigned16(dataSet, 'x00280100') === 16);
  return {
    frames,
    transferSyntax:
      inflated || header.transferSyntax === EXPLICIT_BIG_ENDIAN
        ? EXPLICIT_LITTLE_ENDIAN
        : header.transferSyntax,
    heldBytes: inflated ? dataSet.byteArray.length : 0,
    async read(number) {
      const firstBit = (number - 1) * bits;
      const lastBit = firstBit + bits;
      // Words are swapped in pairs that are counted from the start of the pixel data.
      const first = swap ? 2 * Math.floor(firstBit / 16) : Math.floor(firstBit / 8);
      const last = Math.min(held, swap ? 2 * Math.ceil(lastBit / 16) : Math.ceil(lastBit / 8));
      const raw = await read({ start: start + first, end: start + last });
      const bytes = swap ? swapped(raw) : raw;
      const offset = firstBit - 8 * first;
      if (bits % 8 === 0 && offset === 0) return bytes.subarray(0, bits / 8);
      return aligned(bytes, offset, bits);
    },
  };
}

/** Frames of one bit per pixel follow each other without padding: one on its own starts with a byte. */
function aligned(bytes: Uint8Array, offset: number, bits: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(bits / 8));
  for (const [i, bit] of unpackBits(bytes, offset, bits).entries())
    out[i >> 3] = (out[i >> 3] ?? 0) | (bit << (i & 7));
  return out;
}

function swapped(bytes: Uint8Array): Uint8Array {
  return bytes.length % 2 === 0 ? Buffer.from(bytes).swap16() : bytes;
}

function shapeOf(dataSet: DataSet, frames: number): NativeShape {
  const need = (what: string, tag: string): number => {
    const value = unsigned16(dataSet, tag);
    if (value === undefined || value === 0) throw new Error(`it has no ${what}`);
    return value;
  };
  return {
    rows: need('Rows', 'x00280010'),
    columns: need('Columns', 'x00280011'),
    frames,
    samples: unsigned16(dataSet, 'x00280002') ?? 1,
    photometric: text(dataSet, 'x00280004'),
    bitsAllocated: need('Bits Allocated', 'x00280100'),
  };
}

function frameCount(dataSet: DataSet): number {
  const frames = decimal(dataSet, 'x00280008') ?? 1;
  if (!Number.isInteger(frames) || frames < 1) throw new Error(`it declares ${frames} frames`);
  return frames;
}

async function readRanges(path: string, ranges: readonly Range[]): Promise<Uint8Array[]> {
  const file = await open(path, 'r');
  try {
    const parts: Uint8Array[] = [];
    for (const { start, end } of ranges) {
      const bytes = Buffer.allocUnsafe(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      if (bytesRead < bytes.length) throw new Error('it ends inside its pixel data');
      parts.push(bytes);
    }
    return parts;
  } finally {
    await file.close();
  }
}

/** Files whose frames were read last, so that a run of requests parses a file once. */
export class FrameCache {
  readonly #readers = new Map<string, { readonly state: string; readonly reader: Promise<FrameReader> }>();

  /** @throws as `openFrames` */
  async open(path: string): Promise<FrameReader> {
    const { size, mtimeMs } = await stat(path);
    const state = `${size} ${mtimeMs}`;
    const known = this.#readers.get(path);
    const reader = known?.state === state ? known.reader : openFrames(path);
    // Last in the map is last used.
    this.#readers.delete(path);
    this.#readers.set(path, { state, reader });
    try {
      const opened = await reader;
      await this.#trim();
      return opened;
    } catch (error) {
      this.#readers.delete(path);
      throw error;
    }
  }

  async #trim(): Promise<void> {
    let bytes = 0;
    let count = 0;
    for (const [path, { reader }] of [...this.#readers].reverse()) {
      bytes += (await reader.catch(() => undefined))?.heldBytes ?? 0;
      count += 1;
      if (count > 1 && (count > MOST_FILES || bytes > MOST_BYTES)) this.#readers.delete(path);
    }
  }
}

const MOST_FILES = 256;
const MOST_BYTES = 2 ** 28;
