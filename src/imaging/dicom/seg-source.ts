/** What a segmentation says of an image that it was drawn on, wherever that is known from. */
export interface SegSource {
  /** For messages. */
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly identity: {
    readonly studyInstanceUid: string;
    readonly seriesInstanceUid: string;
    readonly sopInstanceUid: string;
    readonly sopClassUid: string;
  };
  /** Values of `INHERITED`, where there are any. */
  readonly inherited: Readonly<Partial<Record<InheritedKeyword, string>>>;
  /** Between pixel centres in the patient, in mm, [row, column]; see `spacing.ts`. */
  readonly spacing: readonly [number, number] | undefined;
  /** In mm. */
  readonly sliceThickness: number | undefined;
  /** '' where there is none. */
  readonly frameOfReferenceUid: string;
  /** Of images that were ever compressed with loss, which a derived object states too (PS3.3 C.7.6.1.1.5). */
  readonly lossy?: LossyCompression;
  /** @param frameNumber one-based. */
  plane(frameNumber: number): Plane | undefined;
}

const UIDS: readonly (readonly [keyof SegSource['identity'], string])[] = [
  ['studyInstanceUid', 'Study Instance UID'],
  ['seriesInstanceUid', 'Series Instance UID'],
  ['sopInstanceUid', 'SOP Instance UID'],
  ['sopClassUid', 'SOP Class UID'],
];

/** The UIDs that an image does not state, by name: without any of them, nothing can refer to it. */
export function missingUids(identity: SegSource['identity']): string[] {
  return UIDS.filter(([key]) => identity[key] === '').map(([, name]) => name);
}

/** Values as DICOM has them, several joined by a backslash; '' where they are not stated. */
export interface LossyCompression {
  readonly ratio: string;
  readonly method: string;
}

export const LOSSY = [
  'LossyImageCompression',
  'LossyImageCompressionRatio',
  'LossyImageCompressionMethod',
] as const;

/** @param read gives an attribute's value by keyword */
export function lossyCompression(read: (keyword: (typeof LOSSY)[number]) => string | undefined): {
  readonly lossy?: LossyCompression;
} {
  const [state, ratio = '', method = ''] = LOSSY.map(read);
  return state === '01' ? { lossy: { ratio, method } } : {};
}

/** Where a frame lies in the patient, for the few sources here that say so. */
export interface Plane {
  /** x, y, z of the first pixel's centre, in mm. */
  readonly position: readonly number[];
  /** Direction cosines of the row, then of the column. */
  readonly orientation: readonly number[];
}

/** Patient, study and de-identification attributes that a derived object shares with its source. */
export const INHERITED = {
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
  // Only where no position in the patient is known: see `segDataset`.
  x00200020: 'PatientOrientation',
} as const;

/**
 * How the patient's identity was removed, which whoever says that it was must say (PS3.3 C.7.1.1): in words, or in codes,
 * of which the meanings are taken.
 */
export function deidentification(
  words: string | undefined,
  meanings: readonly (string | undefined)[],
): { readonly DeidentificationMethod?: string } {
  const method = words ?? meanings.filter((meaning) => meaning !== undefined).join('\\');
  return method === '' ? {} : { DeidentificationMethod: method };
}

export type InheritedKeyword = (typeof INHERITED)[keyof typeof INHERITED];

/** Of those, the ones that must be there even when the source has no value for them (type 2). */
const REQUIRED: readonly InheritedKeyword[] = [
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

export function inheritedAttributes({ inherited }: SegSource): Record<string, string> {
  const { PatientOrientation: _ofTheImage, ...ofTheStudy } = inherited;
  return { ...Object.fromEntries(REQUIRED.map((keyword) => [keyword, ''])), ...ofTheStudy };
}
