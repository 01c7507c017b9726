/** SNOMED CT codes of what segments show (PS3.16: categories of CID 7150, types of CID 7151 and kin). */

/** A coded concept (PS3.3 8.1). */
export interface Code {
  readonly value: string;
  /** Coding scheme: `SCT` for SNOMED CT, `DCM` for DICOM's own. */
  readonly scheme: string;
  readonly meaning: string;
}

/** What a segment shows: its category and its type. */
export interface SegmentedProperty {
  readonly category: Code;
  readonly type: Code;
}

const sct = (value: string, meaning: string): Code => ({ value, scheme: 'SCT', meaning });

const ANATOMICAL_STRUCTURE = sct('91723000', 'Anatomical Structure');
const PHYSICAL_OBJECT = sct('260787004', 'Physical object');
const ABNORMAL_STRUCTURE = sct('49755003', 'Morphologically Abnormal Structure');

const anatomy = (value: string, meaning: string): SegmentedProperty => ({
  category: ANATOMICAL_STRUCTURE,
  type: sct(value, meaning),
});

/** By word, in the singular and in lower case. */
const PROPERTIES: Readonly<Record<string, SegmentedProperty>> = {
  vein: anatomy('29092000', 'Vein'),
  artery: anatomy('51114001', 'Artery'),
  vessel: anatomy('59820001', 'Blood Vessel'),
  'blood vessel': anatomy('59820001', 'Blood Vessel'),
  // The type is the general one: the image's own region (Anatomic Region) says retina.
  'retinal vessel': anatomy('59820001', 'Blood Vessel'),
  'retinal artery': anatomy('51114001', 'Artery'),
  'retinal vein': anatomy('29092000', 'Vein'),
  'coronary artery': anatomy('41801008', 'Coronary artery'),
  'cerebral artery': anatomy('88556005', 'Cerebral artery'),
  aorta: anatomy('15825003', 'Aorta'),
  capillary: anatomy('20982000', 'Capillary'),
  retina: anatomy('5665001', 'Retina'),
  catheter: { category: PHYSICAL_OBJECT, type: sct('19923001', 'Catheter') },
  stent: { category: PHYSICAL_OBJECT, type: sct('65818007', 'Stent') },
  lesion: { category: ABNORMAL_STRUCTURE, type: sct('52988006', 'Lesion') },
};

/** German words for the same. */
const GERMAN: Readonly<Record<string, string>> = {
  vene: 'vein',
  venen: 'vein',
  arterie: 'artery',
  arterien: 'artery',
  gefäß: 'vessel',
  gefäße: 'vessel',
  koronararterie: 'coronary artery',
  koronararterien: 'coronary artery',
  hirnarterie: 'cerebral artery',
  kapillare: 'capillary',
  netzhaut: 'retina',
  katheter: 'catheter',
  läsion: 'lesion',
};

/** One for each type that a word is known for. */
export const KNOWN_PROPERTIES: readonly SegmentedProperty[] = [
  ...new Map(Object.values(PROPERTIES).map((property) => [property.type.value, property])).values(),
];

/**
 * The codes of a word such as `Vein` or `arteries`. A word without one is an anatomical structure whose name the
 * segment's label tells.
 *
 * @param own a site's codes, by word in lower case; they come first
 */
export function propertyOf(
  word: string,
  own: Readonly<Record<string, SegmentedProperty>> = {},
): SegmentedProperty {
  const name = word.trim().toLowerCase();
  const forms = [name, GERMAN[name] ?? name, name.replace(/s$/u, ''), name.replace(/ies$/u, 'y')];
  for (const table of [own, PROPERTIES]) {
    const form = forms.find((key) => Object.hasOwn(table, key));
    const property = form === undefined ? undefined : table[form];
    if (property) return property;
  }
  return { category: ANATOMICAL_STRUCTURE, type: ANATOMICAL_STRUCTURE };
}
