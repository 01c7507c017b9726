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
/** In these it leads to X-ray intensities, for measuring, and is not applied for display (PS3.4 N.2.1.1, PS3.3 C.8.7.1.1.2). */
const FOR_MEASURING = new Set(['XA', 'RF', 'XRF']);

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
  const declared = item && unsigned16(item, 'x00283002', 0);
  const data = item?.elements['x00283006'];
  if (!item || declared === undefined || !data) return undefined;
  // 0 stands for 65536, which 16 bits cannot hold.
  const count = declared === 0 ? 65536 : declared;
  const { byteArray, byteArrayParser } = item;
  const held = Math.min(data.length, byteArray.length - data.dataOffset);
  // Some writers pack entries of 8 bits.
  const size = held < count * 2 ? 1 : 2;
  if (held < count * size) throw new Error('its look-up table is too short');
  const entries = Uint16Array.from({ length: count }, (_, i) => {
    const at = data.dataOffset + i * size;
    return size === 1 ? (byteArray[at] ?? 0) : byteArrayParser.readUint16(byteArray, at);
  });
  return { first: (signed ? signed16 : unsigned16)(item, 'x00283002', 1) ?? 0, entries };
}
