import type { DataSet } from 'dicom-parser';
import { isDicom } from '../../imaging/dicom/parse.ts';
import { dicomInvalid } from '../../imaging/dicom/errors.ts';
import { decimal, text, unsigned16 } from '../../imaging/dicom/data-set.ts';
import { frameBits } from '../../imaging/dicom/native.ts';
import { parseWhole } from '../dicom/read-header.ts';
import { describeInstance } from './instance.ts';
import type { StoredInstance } from './instance.ts';

/**
 * Reads a file from its first to its last byte, as far as that can be done without decoding pixels.
 *
 * @param name for messages.
 * @throws SaltError `DICOM_INVALID` for what is no DICOM, ends early, or lacks the UIDs it is kept by.
 */
export function checkFile(bytes: Uint8Array, path: string, name: string): StoredInstance {
  if (!isDicom(bytes)) {
    throw dicomInvalid(name, 'it is not a DICOM file (no DICM after the first 128 bytes)');
  }
  const parsed = parseWhole(bytes, name);
  const [warning] = parsed.dataSet.warnings;
  if (warning !== undefined) throw dicomInvalid(name, `it is damaged or ends early (${warning})`);
  const instance = describeInstance({ ...parsed, size: bytes.length }, path, name);
  expectPixels(parsed.dataSet, name);
  return instance;
}

/** Native pixel data must be as long as the header says; a file cut at an element's end looks whole otherwise. */
function expectPixels(dataSet: DataSet, name: string): void {
  const pixelData = dataSet.elements['x7fe00010'];
  const rows = unsigned16(dataSet, 'x00280010');
  const columns = unsigned16(dataSet, 'x00280011');
  const bitsAllocated = unsigned16(dataSet, 'x00280100');
  if (rows === undefined || columns === undefined || bitsAllocated === undefined) return;
  const isFloat = dataSet.elements['x7fe00008'] ?? dataSet.elements['x7fe00009'];
  // Functional groups and palettes may come without pixels, but not rows, columns and bits.
  if (!pixelData) {
    if (isFloat || dataSet.elements['x00287fe0']) return;
    throw dicomInvalid(name, 'it describes an image and ends before its pixels');
  }
  if (pixelData.fragments) return;
  const frames = decimal(dataSet, 'x00280008') ?? 1;
  const samples = unsigned16(dataSet, 'x00280002') ?? 1;
  const photometric = text(dataSet, 'x00280004');
  const bits = frameBits({ rows, columns, frames, samples, photometric, bitsAllocated }, pixelData);
  const due = Math.ceil((bits * frames) / 8);
  if (pixelData.length < due) {
    throw dicomInvalid(name, `its pixels take ${due} bytes, and it holds ${Math.max(0, pixelData.length)}`);
  }
}
