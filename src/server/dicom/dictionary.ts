import { data } from 'dcmjs';

/** Tags in this room are eight capital hexadecimal digits, as in DICOM JSON (PS3.18 annex F). */
const { dictionary, nameMap } = data.DicomMetaDictionary;

/** Words of dcmjs's dictionary for tags whose representation depends on the data set. */
const AMBIGUOUS: Readonly<Record<string, string>> = { ox: 'OW', lt: 'OW', up: 'UL', na: 'UN' };

/**
 * The value representation that the standard gives a tag; undefined for private and unknown ones.
 *
 * @param signed whether Pixel Representation says that pixel values are signed, which settles US or SS.
 */
export function vrOf(tag: string, signed: boolean): string | undefined {
  const vr = dictionary[`(${tag.slice(0, 4)},${tag.slice(4)})`]?.vr;
  if (vr === undefined) return undefined;
  if (vr === 'xs') return signed ? 'SS' : 'US';
  return AMBIGUOUS[vr] ?? vr;
}

/** The tag that a query names, by eight digits or by keyword (`PatientID`); undefined for neither. */
export function tagOf(name: string): string | undefined {
  if (/^[0-9a-f]{8}$/iu.test(name)) return name.toUpperCase();
  if (!Object.hasOwn(nameMap, name)) return undefined;
  const tag = nameMap[name]?.tag.replace(/[(),]/gu, '');
  return tag !== undefined && /^[0-9A-F]{8}$/u.test(tag) ? tag : undefined;
}
