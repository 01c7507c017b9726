import type { DataSet } from 'dicom-parser';
import { items, signed16, text, unsigned16 } from './data-set.ts';

/** A table by which grey values are replaced (PS3.3 C.11.1, C.11.2). */
export interface LookupTable {
  /** The value that the first entry is for. */
  readonly first: number;
  readonly entries: Uint16Array;
}

const MODALITY_LUT = 'x00283000';
const VOI_LUT = 'x00283010';
const DESCRIPTOR = 'x00283002';
const DATA = 'x00283006';
/** In these it leads to X-ray intensities, for measuring, and is ignored for display (PS3.4 N.2.5). */
const FOR_MEASURING = new Set(['XA', 'RF']);

/** @param signed whether stored values are. @throws Error when the table is too short */
export function modalityTable(dataSet: DataSet, signed: boolean): LookupTable | undefined {
  return FOR_MEASURING.has(text(dataSet, 'x00080060') ?? '')
    ? undefined
    : readTable(items(dataSet, MODALITY_LUT)[0], signed);
}

/** The first of those that the file offers. @param signed whether values may be negative. @throws Error when it is too short */
export function voiTable(dataSet: DataSet, signed: boolean): LookupTable | undefined {
  return readTable(items(dataSet, VOI_LUT)[0], signed);
}

/** Values beyond either end take the end's entry. */
export function applyTable(values: ArrayLike<number>, { first, entries }: LookupTable): Uint16Array {
  const last = entries.length - 1;
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const at = Math.round((values[i] ?? 0) - first);
    out[i] = entries[Math.min(last, Math.max(0, at))] ?? 0;
  }
  return out;
}

function readTable(item: DataSet | undefined, signed: boolean): LookupTable | undefined {
  const entries = item && readEntries(item, DESCRIPTOR, DATA, 'look-up table');
  return entries && { first: (signed ? signed16 : unsigned16)(item, DESCRIPTOR, 1) ?? 0, entries };
}

/**
 * The entries of a table as they are stored.
 * @param what it is called in errors
 * @returns undefined where there is no table
 * @throws Error when it is too short
 */
export function readEntries(
  dataSet: DataSet,
  descriptorTag: string,
  dataTag: string,
  what: string,
): Uint16Array | undefined {
  const declared = unsigned16(dataSet, descriptorTag, 0);
  const bits = unsigned16(dataSet, descriptorTag, 2);
  const data = dataSet.elements[dataTag];
  if (declared === undefined || bits === undefined || !data) return undefined;
  // 0 stands for 65536, which 16 bits cannot hold.
  const count = declared === 0 ? 65536 : declared;
  const { byteArray, byteArrayParser } = dataSet;
  const held = Math.min(data.length, byteArray.length - data.dataOffset);
  // Some writers pack 8-bit entries, others keep each in 16 bits.
  const packed = bits === 8 && held < count * 2;
  if (held < count * (packed ? 1 : 2)) throw new Error(`its ${what} is too short`);
  return Uint16Array.from({ length: count }, (_, i) => {
    const at = data.dataOffset + i * (packed ? 1 : 2);
    return packed ? (byteArray[at] ?? 0) : byteArrayParser.readUint16(byteArray, at);
  });
}
