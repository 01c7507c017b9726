import type { Random } from '../../protocol/random.ts';
import { gaussianBlur, smoothNoise } from '../draw/fields.ts';
import type { VesselPiece } from '../draw/strokes.ts';
import { strokeThickness } from '../draw/strokes.ts';
import { between, chance } from '../draw/draws.ts';
import type { Light } from './light.ts';
import { modulate } from './light.ts';
import type { RetinaView } from './retina-view.ts';

/**
 * The choroid shining through a pale retina: a mesh of broad, blurred stripes, brighter or darker than the ground.
 * They are no retinal vessels: they have neither edge nor tree nor blood-red colour, and belong to no mask.
 */
export function addChoroid(random: Random, view: RetinaView, light: Light): void {
  const { size, scale } = view;
  const stripes = chance(random, 0.5) ? ribbons(random, view) : ridges(random, view);
  const where = smoothNoise(random, size, size, 1.5 * scale);
  const fovea = view.toPixel(view.fovea);
  const lift = between(random, -0.3, 0.6);
  for (let i = 0; i < stripes.length; i++) {
    const [x, y] = [i % size, Math.floor(i / size)];
    const apart = ((x - fovea.x) ** 2 + (y - fovea.y) ** 2) / (2 * scale * scale);
    const share = Math.min(1, Math.max(0, (where[i] ?? 0) + lift)) * (1 - 0.85 * Math.exp(-apart));
    stripes[i] = (stripes[i] ?? 0) * share;
  }
  const strength = between(random, 0.04, 0.17) * (chance(random, 0.65) ? 1 : -0.7);
  modulate(light, stripes, [0.45 * strength, strength, strength * between(random, 0.6, 1.3)]);
}

/** Winding ribbons from a few whorls at the equator, in -1..1. */
function ribbons(random: Random, view: RetinaView): Float32Array {
  const { size, scale } = view;
  const pieces: VesselPiece[] = [];
  const main = 2 * Math.PI * random.uniform();
  const count = Math.round(between(random, 50, 110));
  const step = 0.12 * scale;
  for (let ribbon = 0; ribbon < count; ribbon++) {
    let [x, y] = [size * random.uniform(), size * random.uniform()];
    let direction = main + 0.45 * random.normal();
    let curl = 0;
    const radius = between(random, 0.025, 0.075) * scale;
    const length = between(random, 10, 45);
    for (let i = 0; i < length; i++) {
      curl = 0.7 * curl + 0.07 * random.normal();
      direction += curl;
      const [x1, y1] = [x + step * Math.cos(direction), y + step * Math.sin(direction)];
      pieces.push({ x0: x, y0: y, x1, y1, radius });
      [x, y] = [x1, y1];
    }
  }
  const chords = strokeThickness(pieces, size, size);
  const blurred = gaussianBlur(chords, size, size, between(random, 0.015, 0.035) * scale);
  const full = 0.09 * scale;
  for (let i = 0; i < blurred.length; i++) blurred[i] = Math.min(1, (blurred[i] ?? 0) / full) - 0.4;
  return blurred;
}

/** A mesh: the ridges of smooth noise, in -1..1. */
function ridges(random: Random, view: RetinaView): Float32Array {
  const field = smoothNoise(random, view.size, view.size, between(random, 0.2, 0.4) * view.scale);
  const width = between(random, 0.35, 0.7);
  for (let i = 0; i < field.length; i++) field[i] = 1.6 * Math.exp(-(((field[i] ?? 0) / width) ** 2)) - 0.7;
  return field;
}
