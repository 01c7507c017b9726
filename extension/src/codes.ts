import type { Code, SegmentCode } from './host/viewer.ts';

const sct = (value: string, meaning: string): Code => ({ value, scheme: 'SCT', meaning });

const ANATOMICAL_STRUCTURE = sct('91723000', 'Anatomical Structure');
const PHYSICAL_OBJECT = sct('260787004', 'Physical object');
const ABNORMAL_STRUCTURE = sct('49755003', 'Morphologically Abnormal Structure');

const anatomy = (value: string, meaning: string): SegmentCode => ({
  category: ANATOMICAL_STRUCTURE,
  type: sct(value, meaning),
});
const abnormal = (value: string, meaning: string): SegmentCode => ({
  category: ABNORMAL_STRUCTURE,
  type: sct(value, meaning),
});
const device = (value: string, meaning: string): SegmentCode => ({
  category: PHYSICAL_OBJECT,
  type: sct(value, meaning),
});

/**
 * SNOMED CT codes of words (PS3.16: categories of CID 7150, types of CID 7151 and kin), the same as the engine writes.
 * Keys are lower case and singular.
 */
const KNOWN: Readonly<Record<string, SegmentCode>> = {
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
  catheter: device('19923001', 'Catheter'),
  stent: device('65818007', 'Stent'),
  lesion: abnormal('52988006', 'Lesion'),
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

/** Types that the dialog offers. */
export const KNOWN_CODES: readonly SegmentCode[] = [
  ...new Map(Object.values(KNOWN).map((code) => [code.type.value, code])).values(),
];

/**
 * The codes of a word such as `Vein` or `arteries`. A word without one is an anatomical structure whose name the
 * segment's label tells.
 *
 * @param own a site's codes, by word in lower case; they come first
 */
export function codeFor(word: string, own: Readonly<Record<string, SegmentCode>> = {}): SegmentCode {
  const name = word.trim().toLowerCase();
  const forms = [name, GERMAN[name] ?? name, name.replace(/s$/u, ''), name.replace(/ies$/u, 'y')];
  for (const table of [own, KNOWN]) {
    const form = forms.find((key) => Object.hasOwn(table, key));
    const code = form === undefined ? undefined : table[form];
    if (code) return code;
  }
  return { category: ANATOMICAL_STRUCTURE, type: ANATOMICAL_STRUCTURE };
}
