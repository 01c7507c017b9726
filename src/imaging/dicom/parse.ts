import * as parser from 'dicom-parser';
import type { DataSet } from 'dicom-parser';
import { inflate } from '../inflate.ts';
import { uid } from './data-set.ts';
import { dicomInvalid, dicomUnsupported, reasonOf } from './errors.ts';
import { SaltError } from '../../protocol/errors.ts';
import { withKnownVrs } from './known-vrs.ts';
import { DEFLATED, findTransferSyntax, isExplicit } from './transfer-syntax.ts';
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
      ? parseDicom(bytes, { inflater: () => withKnownVrs(inflated, 0) })
      : parseDicom(isExplicit(transferSyntax.uid) ? withKnownVrs(bytes, endOfHeader(header)) : bytes);
    return { dataSet, transferSyntax };
  } catch (error) {
    if (error instanceof SaltError) throw error;
    throw dicomInvalid(fileName, `it is damaged or ends early (${reasonOf(error)})`, error);
  }
}

async function inflateDataSet(bytes: Uint8Array, header: DataSet, fileName: string): Promise<Uint8Array> {
  const body = await inflate(bytes.subarray(endOfHeader(header)), 'deflate-raw', MOST_INFLATED);
  if (!body) throw dicomInvalid(fileName, 'its deflated data set grows beyond a gigabyte');
  return body;
}

/** Where the data set begins: behind the file's meta information. */
export function endOfHeader(header: DataSet): number {
  return Math.max(...Object.values(header.elements).map((element) => element.dataOffset + element.length));
}
