import { SaltError } from '../../protocol/errors.ts';
import { createRandom } from '../../protocol/random.ts';
import type { TextEncoder } from './text-encoder.ts';

/**
 * A unit vector for each phrase, drawn from a generator that the phrase seeds. It knows no meaning: "vein" and "veins"
 * are as far apart as any two words. It only tells words apart, which is all that an adapter trained with its own
 * words needs.
 */
export function hashedTextEncoder(dimension: number): TextEncoder {
  return {
    id: `hashed-words-1/${dimension}`,
    dimension,
    async embed(phrase) {
      const normalised = normalisePhrase(phrase);
      if (normalised === '')
        throw new SaltError('INVALID_ARGUMENT', 'Name the structure: the prompt is empty.');
      const random = createRandom(seedOf(normalised));
      const values = Array.from({ length: dimension }, () => random.normal());
      const length = Math.hypot(...values);
      return Float32Array.from(values, (value) => value / length);
    },
  };
}

/** Case, surrounding and repeated white space, and ways to write one character make no difference. */
export function normalisePhrase(phrase: string): string {
  return phrase.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase();
}

/** 53 bits from two FNV-1a hashes (Fowler, Noll, Vo) of the phrase's UTF-8 bytes. */
function seedOf(phrase: string): number {
  const bytes = new TextEncoder().encode(phrase);
  const hash = (basis: number): number =>
    bytes.reduce((state, byte) => Math.imul(state ^ byte, 0x01000193), basis) >>> 0;
  return hash(0x811c9dc5) * 0x200000 + (hash(0x9747b28c) >>> 11);
}
