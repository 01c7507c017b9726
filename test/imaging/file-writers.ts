import { Buffer } from 'node:buffer';
import { deflateSync } from 'node:zlib';

/** Writers for what the encoders on npm do not write: palettes, few bits, odd headers. */

export interface PngOptions {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colourType: number;
  /** Packed rows without their filter bytes. */
  readonly rows: readonly (readonly number[])[];
  readonly palette?: readonly number[];
}

export function writePng({ width, height, depth, colourType, rows, palette }: PngOptions): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType, 0, 0, 0], 8);
  return Uint8Array.from(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      pngChunk('IHDR', header),
      ...(palette ? [pngChunk('PLTE', Buffer.from(palette))] : []),
      pngChunk('IDAT', deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])))),
      pngChunk('IEND', Buffer.alloc(0)),
    ]),
  );
}

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length, 0);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body), 0);
  return Buffer.concat([length, body, check]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export interface TiffOptions {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly samples?: number;
  /** 0 white is zero, 1 black is zero, 2 RGB, 3 palette. */
  readonly photometric: number;
  readonly compression?: 1 | 8;
  readonly data: Uint8Array;
  readonly palette?: readonly number[];
  readonly extra?: readonly (readonly [tag: number, value: number])[];
  /** Tags to leave out. */
  readonly without?: readonly number[];
}

/** Little-endian TIFF of one strip. */
export function writeTiff(options: TiffOptions): Uint8Array {
  const { width, height, bits, samples = 1, photometric, compression = 1, palette } = options;
  const strip = compression === 8 ? deflateSync(options.data) : Buffer.from(options.data);
  const bitsAt = 8 + strip.length;
  const bitsTable = Buffer.alloc(samples * 2);
  for (let i = 0; i < samples; i++) bitsTable.writeUInt16LE(bits, i * 2);
  const paletteAt = bitsAt + bitsTable.length;
  const paletteTable = Buffer.alloc((palette?.length ?? 0) * 2);
  palette?.forEach((value, i) => paletteTable.writeUInt16LE(value, i * 2));
  const SHORT = 3;
  const LONG = 4;
  const all: [tag: number, type: number, count: number, value: number][] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, samples, samples === 1 ? bits : bitsAt],
    [259, SHORT, 1, compression],
    [262, SHORT, 1, photometric],
    [273, LONG, 1, 8],
    [277, SHORT, 1, samples],
    [278, LONG, 1, height],
    [279, LONG, 1, strip.length],
    ...(palette ? [[320, SHORT, palette.length, paletteAt] as [number, number, number, number]] : []),
    ...(options.extra ?? []).map(
      ([tag, value]) => [tag, SHORT, 1, value] as [number, number, number, number],
    ),
  ];
  const entries = all.filter(([tag]) => !options.without?.includes(tag)).sort(([a], [b]) => a - b);
  const directory = Buffer.alloc(2 + entries.length * 12 + 4);
  directory.writeUInt16LE(entries.length, 0);
  entries.forEach(([tag, type, count, value], i) => {
    directory.writeUInt16LE(tag, 2 + i * 12);
    directory.writeUInt16LE(type, 4 + i * 12);
    directory.writeUInt32LE(count, 6 + i * 12);
    directory.writeUInt32LE(value, 10 + i * 12);
  });
  const header = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(paletteAt + paletteTable.length, 4);
  return Uint8Array.from(Buffer.concat([header, strip, bitsTable, paletteTable, directory]));
}

/** Bottom-up BMP; rows from the top, unpadded. */
export function writeBmp(
  width: number,
  height: number,
  bits: number,
  rows: readonly (readonly number[])[],
  palette: readonly number[] = [],
  topDown = false,
): Uint8Array {
  const header = Buffer.alloc(54);
  const stride = Math.ceil((width * bits) / 32) * 4;
  header.write('BM', 0, 'latin1');
  header.writeUInt32LE(54 + palette.length + stride * height, 2);
  header.writeUInt32LE(54 + palette.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(topDown ? -height : height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  const padded = rows.map((row) => [...row, ...new Array<number>(stride - row.length).fill(0)]);
  const ordered = topDown ? padded : padded.reverse();
  return Uint8Array.from(Buffer.concat([header, Buffer.from(palette), Buffer.from(ordered.flat())]));
}

/** A GIF of one image with a palette, each index as one uncompressed code: clear codes keep the width constant. */
export function writeGif(
  width: number,
  height: number,
  indices: readonly number[],
  palette: readonly number[],
  interlaced = false,
): Uint8Array {
  const size = Math.log2(palette.length / 3) - 1;
  const codeSize = Math.max(2, size + 1);
  const clear = 1 << codeSize;
  const bits: number[] = [];
  const put = (code: number) => {
    for (let bit = 0; bit <= codeSize; bit++) bits.push((code >> bit) & 1);
  };
  indices.forEach((index, i) => {
    if (i % (clear / 2) === 0) put(clear);
    put(index);
  });
  put(clear + 1);
  const bytes = Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    bits.slice(i * 8, i * 8 + 8).reduce((byte, bit, at) => byte | (bit << at), 0),
  );
  const blocks: number[] = [];
  for (let i = 0; i < bytes.length; i += 255) {
    const block = bytes.slice(i, i + 255);
    blocks.push(block.length, ...block);
  }
  const word = (n: number) => [n & 255, n >> 8];
  return Uint8Array.from([
    ...Buffer.from('GIF89a'),
    ...word(width),
    ...word(height),
    0x80 | size,
    0,
    0,
    ...palette,
    ...[0x21, 0xfe, 2, 0x68, 0x69, 0],
    0x2c,
    ...word(0),
    ...word(0),
    ...word(width),
    ...word(height),
    interlaced ? 0x40 : 0,
    codeSize,
    ...blocks,
    0,
    0x3b,
  ]);
}
