import { uid } from '../../imaging/dicom/data-set.ts';
import { dicomInvalid } from '../../imaging/dicom/errors.ts';
import { toDicomJson } from '../dicom/json.ts';
import type { DicomJson } from '../dicom/json.ts';
import type { Header } from '../dicom/read-header.ts';
import { ATTRIBUTES, LEVELS } from './attributes.ts';

/** One DICOM object in the archive: where it is, and what searches need. */
export interface StoredInstance {
  readonly study: string;
  readonly series: string;
  readonly sop: string;
  readonly sopClass: string;
  readonly transferSyntax: string;
  readonly path: string;
  /** The attributes of `attributes.ts` that it has. */
  readonly attributes: DicomJson;
}

const KEPT = new Set(LEVELS.flatMap((level) => ATTRIBUTES[level]));

/** PS3.5 9.1; leading zeros, which real files have, are let through. */
const UID = /^[0-9]+(?:\.[0-9]+)*$/u;

/** Whether text is a UID. One that is can be part of a path. */
function isUid(text: string): boolean {
  return text.length <= 64 && UID.test(text);
}

/** @throws SaltError `DICOM_INVALID` for a file without the UIDs that an archive is ordered by. */
export function describeInstance(
  { dataSet, transferSyntax }: Header,
  path: string,
  name: string,
): StoredInstance {
  const need = (what: string, tag: string): string => {
    const value = uid(dataSet, tag);
    if (value === '') throw dicomInvalid(name, `it has no ${what}`);
    if (!isUid(value)) throw dicomInvalid(name, `its ${what} is not a UID`);
    return value;
  };
  const all = toDicomJson(dataSet, { bulkData: () => '' });
  return {
    study: need('Study Instance UID', 'x0020000d'),
    series: need('Series Instance UID', 'x0020000e'),
    sop: need('SOP Instance UID', 'x00080018'),
    sopClass: need('SOP Class UID', 'x00080016'),
    transferSyntax,
    path,
    attributes: Object.fromEntries(Object.entries(all).filter(([tag]) => KEPT.has(tag))),
  };
}
