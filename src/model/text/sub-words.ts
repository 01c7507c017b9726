/**
 * Phrases as bags of hashed pieces of words, after fastText (Bojanowski et al., Enriching word vectors with subword
 * information, 2017): inflections, compounds and misspellings of a word share most of its pieces, so that what is
 * learnt of one form holds for the others.
 */
import { SaltError } from '../../protocol/errors.ts';
import { fnv1a, normalisePhrase } from './phrase.ts';

/** Length of a bag. */
export const BUCKETS = 4096;

const SHORTEST = 2;
const LONGEST = 5;

/** Letters that Unicode does not take apart into a letter and marks. */
const LIGATURES: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', ı: 'i' };
/** How German is written where there are no umlauts. */
const UMLAUTS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue' };

/**
 * A phrase's pieces, counted by hash: a vector [BUCKETS] of Euclidean length 1. Case, punctuation and accents make
 * little or no difference: "Gefäß", "Gefäss" and "gefaess" share most pieces.
 * @throws SaltError `INVALID_ARGUMENT` for an empty phrase
 */
export function subWordFeatures(phrase: string): Float32Array {
  const bag = new Float32Array(BUCKETS);
  for (const piece of subWords(phrase)) {
    const hash = fnv1a(piece);
    // The low bits of FNV-1a are its weakest: the high ones are folded in.
    const bucket = ((hash ^ (hash >>> 15)) >>> 0) % BUCKETS;
    bag[bucket]! += 1;
  }
  const length = Math.hypot(...bag);
  return bag.map((count) => count / length);
}

/**
 * The different pieces of a phrase: each word whole, and its runs of 2 to 5 characters with `<` before and `>` after
 * the word; of words with accents, the same without them as well.
 * @throws SaltError `INVALID_ARGUMENT` for an empty phrase
 */
export function subWords(phrase: string): ReadonlySet<string> {
  const normalised = normalisePhrase(phrase);
  if (normalised === '') {
    throw new SaltError('INVALID_ARGUMENT', 'Name the structure: the prompt is empty.');
  }
  const words = normalised.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [normalised];
  const pieces = new Set<string>();
  for (const word of words.flatMap(spellings)) {
    pieces.add(word);
    const characters = Array.from(`<${word}>`);
    for (let size = SHORTEST; size <= LONGEST; size++) {
      for (let start = 0; start + size <= characters.length; start++) {
        pieces.add(characters.slice(start, start + size).join(''));
      }
    }
  }
  return pieces;
}

/** The word as it is, without accents, and with German transcriptions. */
function spellings(word: string): string[] {
  const spelt = (table: Readonly<Record<string, string>>): string =>
    Array.from(word, (letter) => table[letter] ?? letter)
      .join('')
      .normalize('NFKD')
      .replace(/\p{M}/gu, '');
  return [word, spelt(LIGATURES), spelt({ ...LIGATURES, ...UMLAUTS })];
}
