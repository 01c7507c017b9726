import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { gaussianBlur, smoothNoise } from '../draw/fields.ts';
import { compressColour } from './compression.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import type { Light } from './light.ts';
import type { RetinaView } from './retina-view.ts';

/** Turns light into a photograph: lens blur, gain, noise, sharpening, compression. Returns RGB in 0..255. */
export function photograph(random: Random, view: RetinaView, light: Light, field: Mask): Float32Array {
  const { size } = view;
  const detail = size / 512;
  const blur = detail * logBetween(random, 0.4, 1.5);
  const sharpen = chance(random, 0.3) ? between(random, 0.3, 1.2) : 0;
  const gamma = between(random, 0.85, 1.2);
  // In steps of half a grey level, up to twice white.
  const tone = Float32Array.from({ length: 1024 }, (_, i) => 255 * (i / 510) ** gamma);
  const dark = between(random, 0, 8);
  const noise = logBetween(random, 0.7, 4);
  const grain = between(random, 0.6, 1.6);
  const grey = smoothNoise(random, size, size, grain);
  const colour = smoothNoise(random, size, size, grain);
  const rim = aperture(random, view, field);
  const floor = between(random, 0.05, 0.5);
  const pixels = new Float32Array(3 * size * size);
  [light.red, light.green, light.blue].forEach((plane, c) => {
    const seen = gaussianBlur(plane, size, size, blur);
    const soft = sharpen > 0 ? gaussianBlur(seen, size, size, 1.2 * detail) : seen;
    // Each colour takes its noise from another place of one field: as good as independent.
    const shift = Math.floor((c * seen.length) / 3);
    for (let i = 0, k = shift; i < seen.length; i++, k++) {
      if (k === seen.length) k = 0;
      const value = seen[i] ?? 0;
      const level = Math.round(2 * (value + sharpen * (value - (soft[i] ?? 0))));
      const lit = (rim[i] ?? 0) * (tone[Math.min(1023, Math.max(0, level))] ?? 0);
      const deviation = noise * Math.sqrt(floor + lit / 160);
      const graining = 0.7 * ((grey[i] ?? 0) + (colour[k] ?? 0));
      pixels[3 * i + c] = Math.min(255, Math.max(0, dark + lit + deviation * graining));
    }
  });
  if (chance(random, 0.45)) compressColour(pixels, size, size, logBetween(random, 0.7, 8));
  return pixels;
}

/** How much light the camera lets through: 1 well inside its field, falling over the blurred rim to 0 outside. */
function aperture(random: Random, { size }: RetinaView, field: Mask): Float32Array {
  const soft = gaussianBlur(
    Float32Array.from(field.data),
    size,
    size,
    (size / 512) * logBetween(random, 0.4, 3),
  );
  // Above a half the rim grows dark inside the field, as where a mask was drawn by hand or by threshold.
  const start = between(random, 0.3, 0.75);
  return soft.map((value) => Math.max(0, (value - start) / (1 - start)));
}
