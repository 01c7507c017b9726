/** Endings that say what a file is rather than what it shows; images carry some of them as well (`21_training`). */
const SUFFIXES = [
  'masks?',
  'gt',
  'ground_?truth',
  'manual\\d*',
  '(?:1st|2nd|3rd)_?ho',
  'seg',
  'segmentation',
  'segmented',
  'labels?',
  'labelmap',
  'annotations?',
  'annotated',
  'targets?',
  'vessels?',
  'veins?',
  'arter(?:y|ies)',
  'av',
  'fov',
  'roi',
  'binary',
  'training',
  'train',
  'test',
  'val',
  'images?',
  'img',
];

const SUFFIX = new RegExp(`[-_. ]+(?:${SUFFIXES.join('|')})$`, 'u');

/** Endings of files that are found beside images and are none. */
const OTHER = /\.(?:txt|csv|tsv|json|md|xml|ya?ml|ini|db|log|html?|pdf|zip|gz|py|m|mat)$/iu;

export function mayBeImage(name: string): boolean {
  return !name.startsWith('.') && !OTHER.test(name) && name.toLowerCase() !== 'dicomdir';
}

/**
 * A file's name without its folder and its last ending, in lower case: how files are compared. Digits alone are no ending: DICOM files are
 * called by UIDs.
 */
export function stemOf(name: string): string {
  const base = name.split(/[\\/]/u).at(-1) ?? name;
  return base.replace(/(?<=.)\.(?=\d*[a-z])[a-z0-9]{1,5}$/iu, '').toLowerCase();
}

/** The stem, then the stem without its last suffix, and so on: `21_training_mask`, `21_training`, `21`. */
export function shorterStems(stem: string): string[] {
  const stems = [stem];
  for (let rest = stem; ;) {
    const shorter = rest.replace(SUFFIX, '');
    if (shorter === rest || shorter === '') return stems;
    stems.push(shorter);
    rest = shorter;
  }
}

/** `base` and N of a stem such as `base_frame3`, `base_f003` or `base_3`. */
export function frameOf(stem: string): { readonly base: string; readonly frame: number } | undefined {
  const found = /^(.+?)[-_. ]+(?:frame[-_ ]?|f)?0*(\d{1,6})$/u.exec(stem);
  const [, base, digits] = found ?? [];
  return base !== undefined && digits !== undefined ? { base, frame: Number(digits) } : undefined;
}
