import type { DicomJson, JsonAttribute, JsonValue } from '../dicom/json.ts';

/** What one attribute must be (PS3.4 C.2.2.2), as the query writes it. */
export interface Condition {
  readonly tag: string;
  readonly value: string;
}

/** Words with wildcards may be written in these (PS3.4 C.2.2.2.4). */
const WILDCARD_VRS = new Set(['AE', 'CS', 'LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UR', 'UT']);
const RANGE_VRS = new Set(['DA', 'TM', 'DT']);

/** Whether a data set has, for every condition, a value that meets it. An empty condition is met by any. */
export function matches(dataSet: DicomJson, conditions: readonly Condition[]): boolean {
  return conditions.every(({ tag, value }) => meets(dataSet[tag], value));
}

function meets(attribute: JsonAttribute | undefined, wanted: string): boolean {
  if (wanted === '' || wanted === '*') return true;
  if (!attribute) return false;
  const values = (attribute.Value ?? []).flatMap(texts);
  return alternatives(attribute.vr, wanted).some((one) => {
    if (RANGE_VRS.has(attribute.vr)) return values.some((value) => inRange(value, one, attribute.vr));
    if (attribute.vr === 'IS' || attribute.vr === 'DS')
      return values.some((value) => Number(value) === Number(one));
    if (!WILDCARD_VRS.has(attribute.vr)) return values.includes(one);
    // Names are compared without regard to case and to accents that keyboards lack.
    const isName = attribute.vr === 'PN';
    const pattern = isName ? folded(one) : one;
    return values.some((value) => isLike(isName ? folded(value) : value, pattern));
  });
}

/** A list of UIDs, or of anything else that a comma or a backslash cannot be part of. */
function alternatives(vr: string, wanted: string): string[] {
  if (vr === 'UI') return wanted.split(/[,\\]/u);
  return vr === 'CS' || vr === 'AE' ? wanted.split(/[,\\]/u).map((part) => part.trim()) : wanted.split('\\');
}

function texts(value: JsonValue): string[] {
  if (value === null) return [];
  if (typeof value !== 'object') return [String(value)];
  if ('Alphabetic' in value || 'Ideographic' in value || 'Phonetic' in value) {
    return [value.Alphabetic, value.Ideographic, value.Phonetic].filter((part) => typeof part === 'string');
  }
  return [];
}

/**
 * Whether a text is as a pattern says, in which `*` stands for any characters and `?` for one.
 *
 * Takes at most as many steps as the product of both lengths, whatever the pattern: it comes from strangers. (A regular
 * expression with `*?*?*?` would try every way of sharing the text between its stars.)
 */
function isLike(text: string, pattern: string): boolean {
  const given = Array.from(text);
  const wanted = Array.from(pattern);
  let at = 0;
  let i = 0;
  /** The last star, and up to where it reaches for now; no star before it need ever reach further. */
  let star = -1;
  let reach = 0;
  while (at < given.length) {
    if (wanted[i] === '*') {
      star = i++;
      reach = at;
    } else if (i < wanted.length && (wanted[i] === '?' || wanted[i] === given[at])) {
      i++;
      at++;
    } else if (star >= 0) {
      i = star + 1;
      at = ++reach;
    } else return false;
  }
  return wanted.slice(i).every((rest) => rest === '*');
}

function folded(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\^+$/u, '');
}

/** `20260101-20261231`, `-20261231`, `20260101-` or one value; times may be as short as their hour. */
function inRange(value: string, wanted: string, vr: string): boolean {
  const digits = value.replace(/[^0-9]/gu, '');
  // A time zone's sign is no range.
  const range = vr === 'DT' ? /^([0-9.]*)-([0-9.]*)$/u : /^([0-9.:]*)-([0-9.:]*)$/u;
  const isIsoDate = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/u.test(wanted);
  const match = isIsoDate ? null : range.exec(wanted);
  const from = (match ? match[1] : wanted)?.replace(/[^0-9]/gu, '') ?? '';
  const to = (match ? match[2] : wanted)?.replace(/[^0-9]/gu, '') ?? '';
  if (digits === '' || (from === '' && to === '')) return false;
  // Shorter values stand for all of their hour or day: compare as far as both go.
  const compare = (a: string, b: string): number => {
    const length = Math.min(a.length, b.length);
    const [x, y] = [a.slice(0, length), b.slice(0, length)];
    return x === y ? 0 : x < y ? -1 : 1;
  };
  return (from === '' || compare(digits, from) >= 0) && (to === '' || compare(digits, to) <= 0);
}
