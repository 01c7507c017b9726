import * as parser from 'dicom-parser';
import type { DataSet, Element } from 'dicom-parser';
import { decodeText } from '../../imaging/dicom/charset.ts';
import { unsigned16 } from '../../imaging/dicom/data-set.ts';
import { toLittleEndian } from './byte-order.ts';
import { vrOf } from './dictionary.ts';

// For the reason given in read-header.ts.
const { bigEndianByteArrayParser } = (parser as { default?: typeof parser }).default ?? parser;

export interface PersonName {
  Alphabetic?: string;
  Ideographic?: string;
  Phonetic?: string;
}

export type JsonValue = string | number | null | PersonName | DicomJson;

export interface JsonAttribute {
  readonly vr: string;
  readonly Value?: readonly JsonValue[];
  readonly BulkDataURI?: string;
  readonly InlineBinary?: string;
}

/** A data set in the DICOM JSON Model (PS3.18 annex F), by tag. */
export type DicomJson = Record<string, JsonAttribute>;

/** The first value of a text or a number, as text; '' where there is none. */
export function firstText(json: DicomJson, tag: string): string {
  const value = json[tag]?.Value?.[0];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export interface JsonOptions {
  /** Where a value too long to be written inline is fetched, from its path: tags and item numbers between slashes. */
  readonly bulkData: (path: string) => string;
}

/** Binary values of at most this many bytes are written inline. */
const INLINE_BYTES = 1024;
const PIXEL_DATA = '7FE00010';
const BINARY = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN']);
const WHOLE_TEXT = new Set(['LT', 'ST', 'UR', 'UT']);
const CHARSET_TEXT = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);

/** How the numbers of a representation are read, and their bytes. */
const NUMBERS: Readonly<
  Record<string, readonly [size: number, read: (set: DataSet, tag: string, i: number) => number | undefined]>
> = {
  US: [2, (set, tag, i) => set.uint16(tag, i)],
  SS: [2, (set, tag, i) => set.int16(tag, i)],
  UL: [4, (set, tag, i) => set.uint32(tag, i)],
  SL: [4, (set, tag, i) => set.int32(tag, i)],
  FL: [4, (set, tag, i) => set.float(tag, i)],
  FD: [8, (set, tag, i) => set.double(tag, i)],
};

/** What holds for a data set and the items in it, unless they say otherwise. */
interface Context extends JsonOptions {
  readonly charset: string | undefined;
  readonly signed: boolean;
  /** Of the data set within the file; '' for the file's own. */
  readonly path: string;
}

/**
 * A parsed data set as DICOM JSON, without file meta information and group lengths. Text becomes Unicode, and Specific
 * Character Set says so.
 */
export function toDicomJson(dataSet: DataSet, options: JsonOptions): DicomJson {
  return convert(dataSet, { ...options, charset: undefined, signed: false, path: '' });
}

function convert(dataSet: DataSet, outer: Context): DicomJson {
  const context = {
    ...outer,
    charset: ascii(dataSet, dataSet.elements['x00080005']) ?? outer.charset,
    signed: outer.signed || unsigned16(dataSet, 'x00280103') === 1,
  };
  const json: DicomJson = {};
  for (const [key, element] of Object.entries(dataSet.elements)) {
    const tag = key.slice(1).toUpperCase();
    // File meta information, group lengths, and delimiters that damaged files leave.
    if (tag.startsWith('0002') || tag.endsWith('0000') || tag.startsWith('FFFE')) continue;
    json[tag] =
      tag === '00080005' ? { vr: 'CS', Value: ['ISO_IR 192'] } : attribute(dataSet, tag, element, context);
  }
  return json;
}

function attribute(dataSet: DataSet, tag: string, element: Element, context: Context): JsonAttribute {
  const path = context.path === '' ? tag : `${context.path}/${tag}`;
  const vr = representation(tag, element, context.signed);
  // Its header only was read: there is a value, and it is never written inline.
  if (tag === PIXEL_DATA) return { vr, BulkDataURI: context.bulkData(path) };
  if (vr === 'SQ') {
    const value = (element.items ?? []).map((item, i) =>
      item.dataSet ? convert(item.dataSet, { ...context, path: `${path}/${i + 1}` }) : {},
    );
    return value.length > 0 ? { vr, Value: value } : { vr };
  }
  if (element.length <= 0) return { vr };
  if (BINARY.has(vr)) {
    if (element.length > INLINE_BYTES) return { vr, BulkDataURI: context.bulkData(path) };
    const bytes = Buffer.from(bytesOf(dataSet, element));
    return { vr, InlineBinary: inLittleEndian(dataSet, bytes, vr).toString('base64') };
  }
  const value = values(dataSet, element, vr, context.charset);
  return value.length > 0 ? { vr, Value: value } : { vr };
}

/** Explicit, or by the dictionary for implicit data sets and for what a gateway had called unknown. */
export function representation(tag: string, element: Element, signed: boolean): string {
  if (element.vr !== undefined && element.vr !== 'UN') return element.vr;
  if (element.items) return 'SQ';
  const known = vrOf(tag, signed);
  // A sequence of known length that a gateway called unknown has not been parsed.
  if (known !== undefined && !(known === 'SQ' && element.vr === 'UN' && element.length > 0)) return known;
  const isPrivateCreator = parseInt(tag.slice(0, 4), 16) % 2 === 1 && /^....00[1-9A-F][0-9A-F]$/u.test(tag);
  return isPrivateCreator ? 'LO' : 'UN';
}

function values(dataSet: DataSet, element: Element, vr: string, charset: string | undefined): JsonValue[] {
  const numbers = NUMBERS[vr];
  if (numbers) {
    const [size, read] = numbers;
    return Array.from({ length: Math.floor(element.length / size) }, (_, i) =>
      finite(read(dataSet, element.tag, i)),
    );
  }
  if (vr === 'AT') return attributeTags(dataSet, element);
  const text = CHARSET_TEXT.has(vr)
    ? decodeText(bytesOf(dataSet, element), charset, vr)
    : (ascii(dataSet, element) ?? '');
  const parts = (WHOLE_TEXT.has(vr) ? [text] : text.split('\\')).map((part) => trim(part, vr));
  if (parts.every((part) => part === '')) return [];
  if (vr === 'PN') return parts.map((part) => (part === '' ? null : personName(part)));
  if (vr === 'DS' || vr === 'IS') return parts.map((part) => (part === '' ? null : finite(Number(part))));
  return parts.map((part) => (part === '' ? null : part));
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

function trim(text: string, vr: string): string {
  const end = text.replace(/[\0 ]+$/u, '');
  // Leading spaces count in running text only (PS3.5 table 6.2-1).
  return WHOLE_TEXT.has(vr) ? end : end.trimStart();
}

function personName(text: string): PersonName {
  const [alphabetic = '', ideographic = '', phonetic = ''] = text.split('=').map((part) => part.trim());
  return {
    ...(alphabetic && { Alphabetic: alphabetic }),
    ...(ideographic && { Ideographic: ideographic }),
    ...(phonetic && { Phonetic: phonetic }),
  };
}

function attributeTags(dataSet: DataSet, element: Element): string[] {
  const hex = (n: number | undefined): string => (n ?? 0).toString(16).padStart(4, '0').toUpperCase();
  return Array.from(
    { length: Math.floor(element.length / 4) },
    (_, i) => `${hex(dataSet.uint16(element.tag, 2 * i))}${hex(dataSet.uint16(element.tag, 2 * i + 1))}`,
  );
}

/** @param bytes are changed where the data set is big endian */
function inLittleEndian({ byteArrayParser }: DataSet, bytes: Buffer, vr: string): Buffer {
  return byteArrayParser === bigEndianByteArrayParser ? toLittleEndian(bytes, vr) : bytes;
}

function ascii(dataSet: DataSet, element: Element | undefined): string | undefined {
  if (!element || element.length <= 0) return undefined;
  return Buffer.from(bytesOf(dataSet, element))
    .toString('latin1')
    .replace(/[\0 ]+$/u, '');
}

function bytesOf(dataSet: DataSet, element: Element): Uint8Array {
  return dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
}
