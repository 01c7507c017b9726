import type { DataSet } from 'dicom-parser';
import { decodeText } from './charset.ts';

/**
 * Reading values out of a parsed data set. Tags are dicom-parser's: `x` and eight hexadecimal digits. Each reader
 * gives undefined for a value that is missing, empty or not a number.
 */

const CHARSET = 'x00080005';

/** Text in the data set's own character set, without padding. */
export function text(dataSet: DataSet, tag: string): string | undefined {
  const element = dataSet.elements[tag];
  if (!element || element.length <= 0) return undefined;
  const end = element.dataOffset + element.length;
  if (end > dataSet.byteArray.length) return undefined;
  const bytes = dataSet.byteArray.subarray(element.dataOffset, end);
  // (0008,0005) itself is plain ASCII.
  const charset = tag === CHARSET ? undefined : text(dataSet, CHARSET);
  const value = decodeText(bytes, charset, element.vr)
    .replace(/[\0 ]+$/u, '')
    .trimStart();
  return value === '' ? undefined : value;
}

/** A UID; '' when missing, since a comparison is all that is ever done with one. */
export function uid(dataSet: DataSet, tag: string): string {
  return text(dataSet, tag) ?? '';
}

/** Value `index` of a decimal or integer string (DS, IS). */
export function decimal(dataSet: DataSet, tag: string, index = 0): number | undefined {
  const part = text(dataSet, tag)?.split('\\')[index]?.trim();
  if (part === undefined || part === '') return undefined;
  const value = Number(part);
  return Number.isFinite(value) ? value : undefined;
}

/** Value `index` of a 16-bit unsigned number (US). */
export function unsigned16(dataSet: DataSet, tag: string, index = 0): number | undefined {
  const element = dataSet.elements[tag];
  if (!element || element.length < (index + 1) * 2) return undefined;
  return dataSet.uint16(tag, index);
}

/** Value `index` of a 16-bit signed number (SS). */
export function signed16(dataSet: DataSet, tag: string, index = 0): number | undefined {
  const element = dataSet.elements[tag];
  if (!element || element.length < (index + 1) * 2) return undefined;
  return dataSet.int16(tag, index);
}

/** The items of a sequence; none when it is missing. */
export function items(dataSet: DataSet, tag: string): DataSet[] {
  const charset = dataSet.elements[CHARSET];
  return (dataSet.elements[tag]?.items ?? []).flatMap(({ dataSet: item }) => {
    if (!item) return [];
    // An item without a character set has that of what it lies in (PS3.3 C.12.1.1.2).
    if (charset && item.byteArray === dataSet.byteArray) item.elements[CHARSET] ??= charset;
    return [item];
  });
}

const PER_FRAME = 'x52009230';
const SHARED = 'x52009229';

/**
 * The item of a functional group that holds for a frame: its own, or else the shared one (PS3.3 C.7.6.16).
 *
 * @param frameNumber one-based.
 */
export function functionalGroup(dataSet: DataSet, frameNumber: number, tag: string): DataSet | undefined {
  const own = items(dataSet, PER_FRAME)[frameNumber - 1];
  const shared = items(dataSet, SHARED)[0];
  return (own && items(own, tag)[0]) ?? (shared && items(shared, tag)[0]);
}
