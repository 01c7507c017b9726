import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import * as parser from 'dicom-parser';
import type { DataSet } from 'dicom-parser';
import { uid } from '../../imaging/dicom/data-set.ts';
import { dicomInvalid, reasonOf } from '../../imaging/dicom/errors.ts';
import { withKnownVrs } from '../../imaging/dicom/known-vrs.ts';
import { endOfHeader, isDicom } from '../../imaging/dicom/parse.ts';
import { DEFLATED, isExplicit } from '../../imaging/dicom/transfer-syntax.ts';

// A UMD package: Node shows its exports under `default` only, bundlers as they are.
const { parseDicom, readPart10Header } = (parser as { default?: typeof parser }).default ?? parser;

/** Read first; most headers are shorter. */
const FIRST_BYTES = 64 * 1024;
const GROWTH = 8;
/** A header beyond this is no header. */
const MOST_HEADER_BYTES = 512 * 2 ** 20;
const MOST_INFLATED_BYTES = 2 ** 29;
const PIXEL_DATA = 'x7fe00010';

export interface Header {
  /** Up to and with the element of Pixel Data, of which only place and length are there. */
  readonly dataSet: DataSet;
  /** Whatever the file says, also one that nothing here decodes. */
  readonly transferSyntax: string;
  /** Of the file, in bytes. */
  readonly size: number;
  /** Whether places in `dataSet` are those in the inflated bytes rather than in the file. */
  readonly inflated: boolean;
}

/**
 * Reads as much of a DICOM file as it takes to know everything but its pixels.
 *
 * @param name for messages, without a folder.
 * @returns undefined for a file that does not begin as DICOM does.
 * @throws SaltError `DICOM_INVALID` for a damaged file; errors of the file system as they are.
 */
export async function readHeader(path: string, name: string): Promise<Header | undefined> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (let length = FIRST_BYTES; ; length *= GROWTH) {
      const bytes = await readUpTo(file, Math.min(length, size));
      if (!isDicom(bytes)) return undefined;
      const complete = bytes.length >= size || length >= MOST_HEADER_BYTES;
      const header = parseStart(bytes, name, complete);
      if (header) return { ...header, size };
    }
  } finally {
    await file.close();
  }
}

/** The whole file parsed, with the fragments of its pixel data. @throws SaltError `DICOM_INVALID` */
export function parseWhole(file: Uint8Array, name: string): Omit<Header, 'size'> {
  const bytes = plain(file);
  try {
    const transferSyntax = transferSyntaxOf(bytes, name);
    const dataSet = parse(bytes, transferSyntax);
    return { dataSet, transferSyntax, inflated: transferSyntax === DEFLATED };
  } catch (error) {
    throw damaged(name, error);
  }
}

/** Undefined where the header goes on behind these bytes. */
function parseStart(bytes: Uint8Array, name: string, complete: boolean): Omit<Header, 'size'> | undefined {
  try {
    const transferSyntax = transferSyntaxOf(bytes, name);
    const inflated = transferSyntax === DEFLATED;
    if (inflated && !complete) return undefined;
    const dataSet = parse(bytes, transferSyntax, PIXEL_DATA);
    return complete || dataSet.elements[PIXEL_DATA] ? { dataSet, transferSyntax, inflated } : undefined;
  } catch (error) {
    if (!complete) return undefined;
    throw damaged(name, error);
  }
}

function parse(bytes: Uint8Array, transferSyntax: string, untilTag?: string): DataSet {
  // A deflated data set is not in these bytes yet.
  const isHere = isExplicit(transferSyntax) && transferSyntax !== DEFLATED;
  return parseDicom(isHere ? withKnownVrs(bytes, endOfHeader(readPart10Header(bytes))) : bytes, {
    ...(untilTag === undefined ? {} : { untilTag }),
    inflater: (deflated: Uint8Array, position: number) => {
      const body = inflateRawSync(deflated.subarray(position), { maxOutputLength: MOST_INFLATED_BYTES });
      return withKnownVrs(new Uint8Array(body.buffer, body.byteOffset, body.length), 0);
    },
  });
}

function transferSyntaxOf(bytes: Uint8Array, name: string): string {
  const transferSyntax = uid(readPart10Header(bytes), 'x00020010');
  if (transferSyntax === '') throw dicomInvalid(name, 'it states no transfer syntax');
  return transferSyntax;
}

async function readUpTo(file: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/** Node's Buffer has a `slice` of its own that does not copy: keep to the plain type. */
function plain(file: Uint8Array): Uint8Array {
  return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
}

function damaged(name: string, error: unknown) {
  return dicomInvalid(name, `it is damaged or ends early (${reasonOf(error)})`, error);
}
