import * as parser from 'dicom-parser';
import type { DataSet } from 'dicom-parser';
import { inflate } from '../inflate.ts';
import { uid } from './data-set.ts';
import { dicomInvalid, dicomUnsupported, reasonOf } from './errors.ts';
import { SaltError } from '../../protocol/errors.ts';
import { DEFLATED, findTransferSyntax } from './transfer-syntax.ts';
import type { TransferSyntax } from './transfer-syntax.ts';

// A UMD package: Node shows its exports under `default` only, bundlers as they are.
const { parseDicom, readPart10Header } = (parser as { default?: typeof parser }).default ?? parser;

/** Most that a deflated data set may grow to. */
const MOST_INFLATED = 2 ** 30;

export interface ParsedDicom {
  readonly dataSet: DataSet;
  readonly transferSyntax: TransferSyntax;
}

/** Whether the bytes begin as a DICOM file does: a preamble of 128 bytes, then `DICM` (PS3.10 7.1). */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length > 132 && String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM';
}

/**
 * The data set of a DICOM file; pixel data is found, not read.
 *
 * @throws SaltError DICOM_INVALID, DICOM_UNSUPPORTED.
 */
export async function parseDicomFile(file: Uint8Array, fileName: string): Promise<ParsedDicom> {
  // Node's Buffer has a `slice` of its own that does not copy: keep to the plain type.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  if (!isDicom(bytes))
    throw dicomInvalid(fileName, 'it is not a DICOM file (no DICM after the first 128 bytes)');
  try {
    const header = readPart10Header(bytes);
    const transferSyntaxUid = uid(header, 'x00020010');
    if (transferSyntaxUid === '') throw dicomInvalid(fileName, 'it states no transfer syntax');
    const transferSyntax = findTransferSyntax(transferSyntaxUid);
    if (!transferSyntax) {
      throw dicomUnsupported(
        fileName,
        `its transfer syntax ${transferSyntaxUid} is not one that can be read`,
        'Convert it to an uncompressed one, e.g. with `gdcmconv --raw` or `dcmconv`.',
      );
    }
    // With an inflater the parser reads what that returns, from its start.
    const inflated =
      transferSyntax.uid === DEFLATED ? await inflateDataSet(bytes, header, fileName) : undefined;
    const dataSet = inflated
      ? parseDicom(bytes, { inflater: () => inflated })
      : parseDicom(transferSyntax.encoding === 'native' ? bytes : withReadableTables(bytes));
    return { dataSet, transferSyntax };
  } catch (error) {
    if (error instanceof SaltError) throw error;
    throw dicomInvalid(fileName, `it is damaged or ends early (${reasonOf(error)})`, error);
  }
}

async function inflateDataSet(bytes: Uint8Array, header: DataSet, fileName: string): Promise<Uint8Array> {
  const end = Math.max(
    ...Object.values(header.elements).map((element) => element.dataOffset + element.length),
  );
  const body = await inflate(bytes.subarray(end), 'deflate-raw', MOST_INFLATED);
  if (!body) throw dicomInvalid(fileName, 'its deflated data set grows beyond a gigabyte');
  return body;
}

/**
 * The parser does not know the representation OV and loses its way at an extended offset table (7FE0,0001) and its
 * lengths (7FE0,0002): in a copy of the file, call them OB, which is laid out alike.
 */
export function withReadableTables(bytes: Uint8Array): Uint8Array {
  let patched: Uint8Array | undefined;
  for (let at = bytes.indexOf(0xe0); at >= 0; at = bytes.indexOf(0xe0, at + 1)) {
    const [, group, element, zero, o, v] = bytes.subarray(at, at + 6);
    if (group === 0x7f && (element === 1 || element === 2) && zero === 0 && o === 0x4f && v === 0x56) {
      patched ??= new Uint8Array(bytes);
      patched[at + 5] = 0x42;
    }
  }
  return patched ?? bytes;
}
