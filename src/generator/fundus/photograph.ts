import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { gaussianBlur } from '../draw/fields.ts';
import { normalField } from '../draw/noise.ts';
import { compressColour } from './compression.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import type { Light } from './light.ts';
import type { RetinaView } from './retina-view.ts';

/** Turns light into a photograph: lens blur, gain, noise, sharpening, compression. Returns RGB in 0..255. */
export function photograph(random: Random, view: RetinaView, light: Light, field: Mask): Float32Array {
  const { size } = view;
  const detail = size / 512;
  const blur = detail * logBetween(random, 0.4, 1.5);
  const noise = logBetween(random, 1, 8);
  const grain = between(random, 0.3, 0.8);
  const shared = normalField(random, size * size);
  const gamma = between(random, 0.85, 1.2);
  // In steps of half a grey level, up to twice white.
  const tone = Float32Array.from({ length: 1024 }, (_, i) => 255 * (i / 510) ** gamma);
  const dark = between(random, 0, 8);
  const sharpen = chance(random, 0.3) ? between(random, 0.3, 1.2) : 0;
  const planes = [light.red, light.green, light.blue].map((plane) => {
    const seen = gaussianBlur(plane, size, size, blur);
    const own = normalField(random, size * size);
    for (let i = 0; i < seen.length; i++) {
      const lit =
        field.data[i] === 1 ? (tone[Math.min(1023, Math.max(0, Math.round(2 * (seen[i] ?? 0))))] ?? 0) : 0;
      const random2 = 0.7 * (shared[i] ?? 0) + 0.7 * (own[i] ?? 0);
      seen[i] = dark + lit + noise * Math.sqrt(0.05 + lit / 140) * random2;
    }
    const grained = gaussianBlur(seen, size, size, grain);
    if (sharpen === 0) return grained;
    const soft = gaussianBlur(grained, size, size, 1.2 * detail);
    return grained.map((value, i) => value + sharpen * (value - (soft[i] ?? 0)));
  });
  const pixels = new Float32Array(3 * size * size);
  planes.forEach((plane, c) => {
    for (let i = 0; i < plane.length; i++) pixels[3 * i + c] = Math.min(255, Math.max(0, plane[i] ?? 0));
  });
  if (chance(random, 0.45)) compressColour(pixels, size, size, logBetween(random, 0.7, 8));
  return pixels;
}
