import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import { gaussianBlur } from '../draw/fields.ts';

/**
 * The machine's own processing: the picture is flattened (its slow changes taken out), its edges enhanced.
 * @param flatness 0 leaves it, 1 takes out all slow changes
 */
export function enhance(random: Random, image: Float32Array, size: number, flatness: number): Float32Array {
  let out = image;
  if (flatness > 0) {
    const slow = gaussianBlur(out, size, size, size * logBetween(random, 0.012, 0.08));
    out = out.slice();
    for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) - flatness * (slow[i] ?? 0);
  }
  if (chance(random, 0.55)) {
    const amount = between(random, 0.2, 1.6);
    const soft = gaussianBlur(out, size, size, (size / 512) * logBetween(random, 1, 5));
    for (let i = 0; i < soft.length; i++) soft[i] = (1 + amount) * (out[i] ?? 0) - amount * (soft[i] ?? 0);
    out = soft;
  }
  return out;
}

export interface Shown {
  /** Values in 0..255. */
  readonly pixels: Float32Array;
  /** By how many grey levels pixel `i` would be brighter if the image were `contrast` higher there. */
  readonly greyLevels: (i: number, contrast: number) => number;
}

/** Steps of the table that bends grey levels. */
const STEPS = 2040;

/**
 * An image as shown: its middle becomes a mid grey, its spread a spread of grey, but its noise stays within what a
 * screen would be set to; then gamma.
 */
export function show(random: Random, image: Float32Array, field: Mask): Shown {
  const { least, middle, most, grain } = describe(image, field);
  const range = logBetween(random, 100, 340);
  const gain = Math.min(
    range / Math.max(most - least, 1e-6),
    logBetween(random, 3, 22) / Math.max(grain, 1e-6),
  );
  const grey = between(random, 60, 190);
  const gamma = logBetween(random, 0.7, 1.4);
  const bent = Float32Array.from({ length: STEPS + 1 }, (_, k) => 255 * (k / STEPS) ** gamma);
  const greyOf = (value: number): number => {
    const level = Math.min(255, Math.max(0, grey + gain * (value - middle)));
    return bent[Math.round((level * STEPS) / 255)] ?? 0;
  };
  const pixels = new Float32Array(image.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = greyOf(image[i] ?? 0);
  return { pixels, greyLevels: (i, contrast) => greyOf((image[i] ?? 0) + contrast) - (pixels[i] ?? 0) };
}

/** Quantiles over the field, and the deviation of the noise, from neighbours. */
function describe(
  image: Float32Array,
  field: Mask,
): { least: number; middle: number; most: number; grain: number } {
  const sample: number[] = [];
  let differences = 0;
  for (let i = 0; i + 1 < image.length; i += 61) {
    if (field.data[i] !== 1) continue;
    sample.push(image[i] ?? 0);
    differences += Math.abs((image[i + 1] ?? 0) - (image[i] ?? 0));
  }
  sample.sort((a, b) => a - b);
  const at = (share: number): number => sample[Math.floor(share * (sample.length - 1))] ?? 0;
  // The mean difference of two normal draws is 2 / sqrt(pi) deviations.
  const grain = ((differences / Math.max(1, sample.length)) * Math.sqrt(Math.PI)) / 2;
  return { least: at(0.01), middle: at(0.5), most: at(0.99), grain };
}
