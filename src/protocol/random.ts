/**
 * Seeded random numbers whose whole state is plain JSON, so that a run can be stopped and resumed without
 * changing one draw. The generator is xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2021), seeded through splitmix32. Not for secrets.
 */
import { z } from 'zod';

const word = z.int().min(0).max(0xffffffff);

export const randomStateSchema = z.strictObject({
  /** The generator's 128 bits; never all zero. */
  words: z
    .tuple([word, word, word, word])
    .refine((words) => words.some((bits) => bits !== 0), 'the words of a random state are never all zero'),
  /** The second of a pair of normal draws, when the first has been handed out. */
  spareNormal: z.number().nullable(),
});

/** Everything that decides the draws to come. Survives `JSON.stringify`. */
export type RandomState = z.infer<typeof randomStateSchema>;

export interface Random {
  /** Uniform in [0, 1), 53 random bits. */
  uniform(): number;
  /** Normal with mean 0 and variance 1. */
  normal(): number;
  /**
   * Uniform among 0, 1, ..., n - 1, without bias.
   * @throws RangeError unless 1 <= n <= 2^32 is a whole number
   */
  integer(n: number): number;
  /** A snapshot; later draws do not change it. */
  state(): RandomState;
  /** Continues from a snapshot. @throws ZodError when it is none */
  restore(state: RandomState): void;
}

/** @param seed any safe integer; equal seeds give equal draws. */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed must be a whole number, not ${seed}`);
  // Typed, since the engine keeps these words unboxed: draws are twice as fast.
  const words = Uint32Array.from(seedWords(seed));
  let spareNormal: number | null = null;

  const next = (): number => {
    const b = words[1] ?? 0;
    const c = (words[2] ?? 0) ^ (words[0] ?? 0);
    const d = (words[3] ?? 0) ^ b;
    words[0] = (words[0] ?? 0) ^ d;
    words[1] = b ^ c;
    words[2] = c ^ (b << 9);
    words[3] = rotate(d, 11);
    return Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
  };
  const uniform = (): number => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 0x20000000000000;

  // Seeds that share a half share words: a few steps mix them.
  for (let step = 0; step < 8; step += 1) next();

  return {
    uniform,
    normal() {
      if (spareNormal !== null) {
        const spare = spareNormal;
        spareNormal = null;
        return spare;
      }
      // Marsaglia's polar method: two independent normals from a point in the unit disc.
      for (;;) {
        const x = 2 * uniform() - 1;
        const y = 2 * uniform() - 1;
        const square = x * x + y * y;
        if (square === 0 || square >= 1) continue;
        const scale = Math.sqrt((-2 * Math.log(square)) / square);
        spareNormal = y * scale;
        return x * scale;
      }
    },
    integer(n) {
      if (!Number.isInteger(n) || n < 1 || n > 0x100000000) {
        throw new RangeError(`integer(n) needs a whole number from 1 to 2^32, not ${n}`);
      }
      // Draws above the largest multiple of n would favour small results.
      const limit = 0x100000000 - (0x100000000 % n);
      let draw = next();
      while (draw >= limit) draw = next();
      return draw % n;
    },
    state: () => ({ words: [words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0], spareNormal }),
    restore(state) {
      const checked = randomStateSchema.parse(state);
      words.set(checked.words);
      spareNormal = checked.spareNormal;
    },
  };
}

function rotate(x: number, bits: number): number {
  return ((x << bits) | (x >>> (32 - bits))) >>> 0;
}

function seedWords(seed: number): RandomState['words'] {
  let state = seed >>> 0;
  const split = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const first = split();
  const second = split();
  // Only now the upper half, so that any two safe integers give different words.
  state ^= Math.floor(seed / 0x100000000);
  return [first, second, split(), split()];
}
