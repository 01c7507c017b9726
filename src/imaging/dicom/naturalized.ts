/**
 * Reading values out of a naturalized data set: attributes by keyword, as dcmjs and DICOMweb viewers keep them. Nothing
 * is taken on trust: viewers wrap single values in arrays or not, and keep numbers as text or not.
 */
export type Naturalized = Readonly<Record<string, unknown>>;

/** Text without padding, several values joined by a backslash; undefined where there is none. */
export function textOf(dataset: Naturalized, keyword: string): string | undefined {
  const value = dataset[keyword];
  const parts = (Array.isArray(value) ? value : [value]).map(plain);
  const joined = parts.some((part) => part !== '') ? parts.join('\\') : '';
  return joined === '' ? undefined : joined;
}

/** Value `index` of a number. */
export function numberOf(dataset: Naturalized, keyword: string, index = 0): number | undefined {
  const part = textOf(dataset, keyword)?.split('\\')[index]?.trim();
  if (part === undefined || part === '') return undefined;
  const value = Number(part);
  return Number.isFinite(value) ? value : undefined;
}

export function numbersOf(dataset: Naturalized, keyword: string, count: number): number[] | undefined {
  const values = Array.from({ length: count }, (_, i) => numberOf(dataset, keyword, i));
  return values.every((value) => value !== undefined) ? values : undefined;
}

/** The items of a sequence; none when it is missing. */
export function itemsOf(dataset: Naturalized, keyword: string): Naturalized[] {
  const value = dataset[keyword];
  return (Array.isArray(value) ? value : [value]).filter(isNaturalized);
}

/** The item of a functional group that holds for a frame: its own, or else the shared one (PS3.3 C.7.6.16). */
export function groupOf(dataset: Naturalized, frameNumber: number, keyword: string): Naturalized | undefined {
  const own = itemsOf(dataset, 'PerFrameFunctionalGroupsSequence')[frameNumber - 1];
  const shared = itemsOf(dataset, 'SharedFunctionalGroupsSequence')[0];
  return (own && itemsOf(own, keyword)[0]) ?? (shared && itemsOf(shared, keyword)[0]);
}

function isNaturalized(value: unknown): value is Naturalized {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value.replace(/[\0 ]+$/u, '').trimStart();
  if (typeof value === 'number') return String(value);
  if (!isNaturalized(value)) return '';
  // A person's name: up to three ways to write it (PS3.5 6.2.1.1).
  const groups = ['Alphabetic', 'Ideographic', 'Phonetic'].map((group) => plain(value[group]));
  return groups.join('=').replace(/=+$/u, '');
}
