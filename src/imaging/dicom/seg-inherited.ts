import type { DataSet } from 'dicom-parser';
import type { SegmentedProperty, Code } from './code.ts';
import { decimal, functionalGroup, text } from './data-set.ts';

/** Patient, study and de-identification attributes that a derived object shares with its source. */
const INHERITED = {
  x00100010: 'PatientName',
  x00100020: 'PatientID',
  x00100021: 'IssuerOfPatientID',
  x00100030: 'PatientBirthDate',
  x00100040: 'PatientSex',
  x00101010: 'PatientAge',
  x00120062: 'PatientIdentityRemoved',
  x00120063: 'DeidentificationMethod',
  x0020000d: 'StudyInstanceUID',
  x00080020: 'StudyDate',
  x00080030: 'StudyTime',
  x00080050: 'AccessionNumber',
  x00080090: 'ReferringPhysicianName',
  x00081030: 'StudyDescription',
  x00200010: 'StudyID',
} as const;

/** Of those, the ones that must be there even when the source has no value for them (type 2). */
const REQUIRED = [
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'AccessionNumber',
  'ReferringPhysicianName',
  'StudyID',
];

export function inheritedAttributes(source: DataSet): Record<string, unknown> {
  const inherited: Record<string, unknown> = {};
  for (const [tag, keyword] of Object.entries(INHERITED)) {
    const value = text(source, tag);
    if (value !== undefined) inherited[keyword] = value;
    else if (REQUIRED.includes(keyword)) inherited[keyword] = '';
  }
  return inherited;
}

/** Where a frame lies in the patient, for the few sources here that say so. */
export interface Plane {
  readonly position: readonly number[];
  readonly orientation: readonly number[];
}

export function readPlane(source: DataSet, frameNumber: number): Plane | undefined {
  const positions = functionalGroup(source, frameNumber, 'x00209113') ?? source;
  const orientations = functionalGroup(source, frameNumber, 'x00209116') ?? source;
  const position = numbers(positions, 'x00200032', 3);
  const orientation = numbers(orientations, 'x00200037', 6);
  return position && orientation && { position, orientation };
}

function numbers(dataSet: DataSet, tag: string, count: number): number[] | undefined {
  const values = Array.from({ length: count }, (_, i) => decimal(dataSet, tag, i));
  return values.every((value) => value !== undefined) ? values : undefined;
}

export function codeItem({ value, scheme, meaning }: Code): Record<string, unknown> {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}

export function propertyAttributes({ category, type }: SegmentedProperty): Record<string, unknown> {
  return {
    SegmentedPropertyCategoryCodeSequence: [codeItem(category)],
    SegmentedPropertyTypeCodeSequence: [codeItem(type)],
  };
}
