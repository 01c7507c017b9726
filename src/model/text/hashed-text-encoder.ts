import { SaltError } from '../../protocol/errors.ts';
import { createRandom } from '../../protocol/random.ts';
import { fnv1a, normalisePhrase } from './phrase.ts';
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

/** 53 bits from two hashes of the phrase. */
function seedOf(phrase: string): number {
  return fnv1a(phrase) * 0x200000 + (fnv1a(phrase, 0x9747b28c) >>> 11);
}
