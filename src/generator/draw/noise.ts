import type { Random } from '../../protocol/random.ts';

const LEVELS = 4096;
let quantiles: Float32Array | undefined;

/**
 * `length` independent draws of about the normal distribution (4096 quantiles, unit variance, none beyond 3.8),
 * four from each uniform draw: images need hundreds of thousands.
 */
export function normalField(random: Random, length: number): Float32Array {
  quantiles ??= normalQuantiles();
  const field = new Float32Array(length);
  for (let i = 0; i < length; i += 4) {
    // 48 of the draw's 53 bits are spent: two halves of 24, each of them two indices of 12.
    const draw = random.uniform() * 0x1000000;
    const high = Math.floor(draw);
    const low = Math.floor((draw - high) * 0x1000000);
    field[i] = quantiles[high >>> 12] ?? 0;
    if (i + 1 < length) field[i + 1] = quantiles[high & 4095] ?? 0;
    if (i + 2 < length) field[i + 2] = quantiles[low >>> 12] ?? 0;
    if (i + 3 < length) field[i + 3] = quantiles[low & 4095] ?? 0;
  }
  return field;
}

/** The middles of 4096 equal shares of the normal distribution, by Newton's method on its integral. */
function normalQuantiles(): Float32Array {
  const values = new Float32Array(LEVELS);
  let z = -3.7;
  for (let i = 0; i < LEVELS; i++) {
    const share = (i + 0.5) / LEVELS;
    for (let step = 0; step < 20; step++) {
      const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
      const change = (normalIntegral(z) - share) / density;
      z -= Math.min(0.1, Math.max(-0.1, change));
      if (Math.abs(change) < 1e-9) break;
    }
    values[i] = z;
  }
  return values;
}

/** Integral of the normal density up to z, by its Taylor series about 0. */
function normalIntegral(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 1; Math.abs(term) > 1e-12 * Math.abs(sum); n++) {
    term *= (-z * z) / (2 * n);
    sum += term / (2 * n + 1);
    if (n > 200) break;
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}
