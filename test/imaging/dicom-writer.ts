import { Buffer } from 'node:buffer';
import { deflateRawSync } from 'node:zlib';

/** A small DICOM writer of the tests' own, so that they can also write what no proper writer would. */
export type Value = string | number | readonly number[] | Uint8Array | readonly Elements[];

/** `ggggeeee`, the representation, and the value; sequences hold lists of the same. */
export type Elements = readonly (readonly [tag: string, vr: string, value: Value])[];

export interface DicomOptions {
  readonly transferSyntax?: string;
  /** Encapsulated pixel data: a list of fragments, behind a basic offset table. */
  readonly fragments?: readonly Uint8Array[];
  readonly offsetTable?: readonly number[];
}

const EXPLICIT = '1.2.840.10008.1.2.1';
const LONG_LENGTH = ['OB', 'OW', 'OV', 'SQ', 'SV', 'UN', 'UT', 'UV'];

interface Encoding {
  readonly explicit: boolean;
  readonly bigEndian: boolean;
}

export function writeDicom(elements: Elements, options: DicomOptions = {}): Uint8Array {
  const transferSyntax = options.transferSyntax ?? EXPLICIT;
  const encoding = {
    explicit: transferSyntax !== '1.2.840.10008.1.2',
    bigEndian: transferSyntax === '1.2.840.10008.1.2.2',
  };
  const meta = encodeElements([['00020010', 'UI', transferSyntax]], { explicit: true, bigEndian: false });
  const body = Buffer.concat([
    encodeElements(
      [...elements].sort(([a], [b]) => (a < b ? -1 : 1)),
      encoding,
    ),
    ...(options.fragments ? [encapsulate(options.fragments, options.offsetTable ?? [])] : []),
  ]);
  const deflated = transferSyntax === '1.2.840.10008.1.2.1.99' ? deflateRawSync(body) : body;
  return Uint8Array.from(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), meta, deflated]));
}

function encodeElements(elements: Elements, encoding: Encoding): Buffer {
  return Buffer.concat(
    elements.map(([tag, vr, value]) => encodeElement(tag, vr, encodeValue(vr, value, encoding), encoding)),
  );
}

function encodeElement(tag: string, vr: string, value: Buffer, { explicit, bigEndian }: Encoding): Buffer {
  const long = LONG_LENGTH.includes(vr);
  const header = Buffer.alloc(explicit && long ? 12 : 8);
  const put16 = (n: number, at: number) =>
    bigEndian ? header.writeUInt16BE(n, at) : header.writeUInt16LE(n, at);
  const put32 = (n: number, at: number) =>
    bigEndian ? header.writeUInt32BE(n, at) : header.writeUInt32LE(n, at);
  put16(parseInt(tag.slice(0, 4), 16), 0);
  put16(parseInt(tag.slice(4), 16), 2);
  if (!explicit) put32(value.length, 4);
  else {
    header.write(vr, 4, 'latin1');
    if (long) put32(value.length, 8);
    else put16(value.length, 6);
  }
  return Buffer.concat([header, value]);
}

function encodeValue(vr: string, value: Value, encoding: Encoding): Buffer {
  if (value instanceof Uint8Array)
    return value.length % 2 ? Buffer.concat([value, Buffer.alloc(1)]) : Buffer.from(value);
  if (vr === 'SQ')
    return Buffer.concat((value as readonly Elements[]).map((item) => encodeItem(item, encoding)));
  if (typeof value === 'string') {
    const padded = value.length % 2 ? value + (vr === 'UI' ? '\0' : ' ') : value;
    return Buffer.from(padded, 'latin1');
  }
  const numbers = typeof value === 'number' ? [value] : (value as readonly number[]);
  const buffer = Buffer.alloc(numbers.length * 2);
  numbers.forEach((n, i) => {
    const word = n & 0xffff;
    if (encoding.bigEndian) buffer.writeUInt16BE(word, i * 2);
    else buffer.writeUInt16LE(word, i * 2);
  });
  return buffer;
}

function encodeItem(item: Elements, encoding: Encoding): Buffer {
  const body = encodeElements(item, encoding);
  const header = Buffer.alloc(8);
  if (encoding.bigEndian) {
    header.writeUInt32BE(0xfffee000, 0);
    header.writeUInt32BE(body.length, 4);
  } else {
    header.writeUInt32LE(0xe000fffe, 0);
    header.writeUInt32LE(body.length, 4);
  }
  return Buffer.concat([header, body]);
}

function encapsulate(fragments: readonly Uint8Array[], offsets: readonly number[]): Buffer {
  const table = Buffer.alloc(offsets.length * 4);
  offsets.forEach((offset, i) => table.writeUInt32LE(offset, i * 4));
  const item = (tag: number, length: number) => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(tag, 0);
    header.writeUInt32LE(length, 4);
    return header;
  };
  const start = Buffer.alloc(12);
  start.writeUInt16LE(0x7fe0, 0);
  start.writeUInt16LE(0x0010, 2);
  start.write('OB', 4, 'latin1');
  start.writeUInt32LE(0xffffffff, 8);
  return Buffer.concat([
    start,
    item(0xe000fffe, table.length),
    table,
    ...fragments.flatMap((fragment) => {
      const padding = Buffer.alloc(fragment.length % 2);
      return [item(0xe000fffe, fragment.length + padding.length), fragment, padding];
    }),
    item(0xe0ddfffe, 0),
  ]);
}

export interface ImageOptions extends DicomOptions {
  readonly rows: number;
  readonly columns: number;
  readonly frames?: number;
  readonly samples?: number;
  readonly photometric?: string;
  readonly bitsAllocated?: number;
  readonly bitsStored?: number;
  readonly signed?: boolean;
  readonly planar?: 0 | 1;
  readonly pixels?: Uint8Array;
  readonly sopInstanceUid?: string;
  readonly studyInstanceUid?: string;
  readonly patientId?: string;
  /** Added, or put in place of those of the same tag. */
  readonly extra?: Elements;
  /** Tags to leave out. */
  readonly without?: readonly string[];
}

/** An X-ray angiography image unless `extra` says otherwise. */
export function writeImage(options: ImageOptions): Uint8Array {
  const bitsAllocated = options.bitsAllocated ?? 8;
  const bitsStored = options.bitsStored ?? bitsAllocated;
  const standard: Elements = [
    ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.12.1'],
    ['00080018', 'UI', options.sopInstanceUid ?? '1.2.3.4'],
    ['00080060', 'CS', 'XA'],
    ['00100010', 'PN', 'Test^Patient'],
    ['00100020', 'LO', options.patientId ?? 'P1'],
    ['0020000d', 'UI', options.studyInstanceUid ?? '1.2.3.1'],
    ['0020000e', 'UI', '1.2.3.2'],
    ['00280002', 'US', options.samples ?? 1],
    ['00280004', 'CS', options.photometric ?? 'MONOCHROME2'],
    ...((options.samples ?? 1) > 1 ? ([['00280006', 'US', options.planar ?? 0]] as const) : []),
    ...(options.frames === undefined ? [] : ([['00280008', 'IS', String(options.frames)]] as const)),
    ['00280010', 'US', options.rows],
    ['00280011', 'US', options.columns],
    ['00280100', 'US', bitsAllocated],
    ['00280101', 'US', bitsStored],
    ['00280102', 'US', bitsStored - 1],
    ['00280103', 'US', options.signed ? 1 : 0],
    ...(options.pixels ? ([['7fe00010', bitsAllocated > 8 ? 'OW' : 'OB', options.pixels]] as const) : []),
  ];
  const dropped = [...(options.without ?? []), ...(options.extra ?? []).map(([tag]) => tag)];
  return writeDicom(
    [...standard.filter(([tag]) => !dropped.includes(tag)), ...(options.extra ?? [])],
    options,
  );
}

/** 16-bit values as little-endian bytes. */
export function words(values: ArrayLike<number>, bigEndian = false): Uint8Array {
  const out = new Uint8Array(values.length * 2);
  const view = new DataView(out.buffer);
  for (let i = 0; i < values.length; i++) view.setInt16(i * 2, values[i] ?? 0, !bigEndian);
  return out;
}
