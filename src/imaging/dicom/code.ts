/** A coded concept (PS3.3 8.1). */
export interface Code {
  readonly value: string;
  /** Coding scheme: `SCT` for SNOMED CT, `DCM` for DICOM's own. */
  readonly scheme: string;
  readonly meaning: string;
}

const sct = (value: string, meaning: string): Code => ({ value, scheme: 'SCT', meaning });

export const ANATOMICAL_STRUCTURE = sct('91723000', 'Anatomical Structure');
const PHYSICAL_OBJECT = sct('260787004', 'Physical object');
const ABNORMAL_STRUCTURE = sct('49755003', 'Morphologically Abnormal Structure');

/** What a segment shows: its category (CID 7150) and its type. */
export interface SegmentedProperty {
  readonly category: Code;
  readonly type: Code;
}

const anatomy = (value: string, meaning: string) => ({
  category: ANATOMICAL_STRUCTURE,
  type: sct(value, meaning),
});

/** Words that are prompted for, in the singular and in lower case, and SNOMED CT's codes for them. */
const PROPERTIES: Readonly<Record<string, SegmentedProperty>> = {
  vein: anatomy('29092000', 'Vein'),
  artery: anatomy('51114001', 'Artery'),
  vessel: anatomy('59820001', 'Blood Vessel'),
  'blood vessel': anatomy('59820001', 'Blood Vessel'),
  'coronary artery': anatomy('41801008', 'Coronary artery'),
  'cerebral artery': anatomy('88556005', 'Cerebral artery'),
  aorta: anatomy('15825003', 'Aorta'),
  capillary: anatomy('20982000', 'Capillary'),
  retina: anatomy('5665001', 'Retina'),
  catheter: { category: PHYSICAL_OBJECT, type: sct('19923001', 'Catheter') },
  stent: { category: PHYSICAL_OBJECT, type: sct('65818007', 'Stent') },
  lesion: { category: ABNORMAL_STRUCTURE, type: sct('52988006', 'Lesion') },
};

/**
 * The codes for a word such as `Vein` or `arteries`. A word without one is an anatomical structure whose name the
 * segment's label tells.
 */
export function propertyOf(word: string): SegmentedProperty {
  const name = word.trim().toLowerCase();
  const singular = [name, name.replace(/s$/u, ''), name.replace(/ies$/u, 'y')];
  const found = singular.flatMap((form) => (Object.hasOwn(PROPERTIES, form) ? [PROPERTIES[form]] : []))[0];
  return found ?? { category: ANATOMICAL_STRUCTURE, type: ANATOMICAL_STRUCTURE };
}
