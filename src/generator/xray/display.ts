import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import { gaussianBlur } from '../draw/fields.ts';

/**
 * The machine's own processing, in place of what a radiologist would set: the picture is flattened (its slow changes
 * taken out), its edges enhanced.
 */
export function enhance(random: Random, image: Float32Array, size: number, flatness: number): Float32Array {
  let out = image;
  if (flatness > 0) {
    const slow = gaussianBlur(out, size, size, size * logBetween(random, 0.012, 0.08));
    out = out.map((value, i) => value - flatness * (slow[i] ?? 0));
  }
  if (chance(random, 0.55)) {
    const amount = between(random, 0.2, 1.6);
    const soft = gaussianBlur(out, size, size, (size / 512) * logBetween(random, 1, 5));
    out = out.map((value, i) => value + amount * (value - (soft[i] ?? 0)));
  }
  return out;
}

/**
 * Values brought to 0..255: the middle of the field goes to a mid grey, its spread to a spread, within what is drawn;
 * then gamma, whole numbers.
 */
export function window(random: Random, image: Float32Array, field: Mask): Float32Array {
  const sample: number[] = [];
  for (let i = 0; i < image.length; i += 61) if (field.data[i] === 1) sample.push(image[i] ?? 0);
  sample.sort((a, b) => a - b);
  const at = (share: number): number =>
    sample[Math.min(sample.length - 1, Math.floor(share * sample.length))] ?? 0;
  const [low, high] = [at(between(random, 0, 0.03)), at(between(random, 0.97, 1))];
  const [black, white] = [between(random, -10, 60), between(random, 130, 280)];
  const gain = (white - black) / Math.max(high - low, 1e-6);
  const gamma = logBetween(random, 0.65, 1.5);
  return image.map((value) => {
    const level = Math.min(255, Math.max(0, black + gain * (value - low)));
    return 255 * (level / 255) ** gamma;
  });
}
