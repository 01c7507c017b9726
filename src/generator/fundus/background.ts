import type { Random } from '../../protocol/random.ts';
import { smoothNoise } from '../draw/fields.ts';
import { addChoroid } from './choroid.ts';
import { between, chance } from '../draw/draws.ts';
import type { Light } from './light.ts';
import { modulate } from './light.ts';
import type { RetinaView } from './retina-view.ts';

/** The retina without disc and vessels: pigment, choroid, macula, and the light that falls on it. */
export function drawBackground(random: Random, view: RetinaView): Light {
  const { size } = view;
  const light = plainRetina(random, size);
  modulate(light, texture(random, view), [between(random, 0.3, 0.8), 1, between(random, 0.6, 1.4)]);
  if (chance(random, 0.4)) addChoroid(random, view, light);
  modulate(light, maculaField(random, view), [
    -between(random, 0.05, 0.3),
    -between(random, 0.15, 0.45),
    -between(random, 0.05, 0.5),
  ]);
  illuminate(random, view, light);
  return light;
}

/** Unevenness from broad patches down to the grain of the pigment. */
function texture(random: Random, { size, scale }: RetinaView): Float32Array {
  const sum = new Float32Array(size * size);
  for (const [width, strength] of [
    [1.6, 0.09],
    [0.5, 0.045],
    [0.15, 0.03],
    [0.05, 0.021],
    [0.025, 0.014],
  ] as const) {
    const amount = strength * between(random, 0.3, 1.8);
    const field = smoothNoise(random, size, size, Math.max(1.2, width * scale));
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + amount * (field[i] ?? 0);
  }
  return sum;
}

function plainRetina(random: Random, size: number): Light {
  const red = between(random, 95, 260) * (chance(random, 0.15) ? 1.25 : 1);
  const green = red * between(random, 0.24, 0.74);
  const blue = green * between(random, 0.08, 0.72);
  const plane = (value: number): Float32Array => new Float32Array(size * size).fill(value);
  return { red: plane(red), green: plane(green), blue: plane(blue) };
}

/** 1 in the fovea, falling off over the macula. */
function maculaField(random: Random, view: RetinaView): Float32Array {
  const { size, fovea, scale } = view;
  const field = new Float32Array(size * size);
  const middle = view.toPixel(fovea);
  const broad = between(random, 0.5, 1.1) * scale;
  const narrow = between(random, 0.12, 0.3) * scale;
  const core = between(random, 0.15, 0.6);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const squared = (x - middle.x) ** 2 + (y - middle.y) ** 2;
      if (squared > 9 * broad * broad) continue;
      field[y * size + x] =
        (1 - core) * Math.exp(-squared / (2 * broad * broad)) +
        core * Math.exp(-squared / (2 * narrow * narrow));
    }
  }
  return field;
}

/** Vignetting, a lean to one side, and a pale haze at the rim where the pupil's edge scatters light. */
function illuminate(random: Random, view: RetinaView, light: Light): void {
  const { size, field } = view;
  const fall = between(random, 0.05, 0.5);
  const steep = 1 + random.integer(3);
  const angle = 2 * Math.PI * random.uniform();
  const lean = between(random, 0, 0.3);
  const [leanX, leanY] = [lean * Math.cos(angle), lean * Math.sin(angle)];
  const [offX, offY] = [between(random, -0.25, 0.25), between(random, -0.25, 0.25)];
  const haze = chance(random, 0.45) ? between(random, 15, 110) : 0;
  const hazeWidth = between(random, 0.06, 0.2);
  const [hazeX, hazeY] = [Math.cos(angle + 2), Math.sin(angle + 2)];
  const hazeRed = between(random, 0.6, 1);
  const hazeBlue = between(random, 0.3, 0.8);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const i = y * size + x;
      const [u, v] = [(x - field.x) / field.radius, (y - field.y) / field.radius];
      const squared = Math.min(2, (u - offX) * (u - offX) + (v - offY) * (v - offY));
      const edge = steep === 1 ? squared : steep === 2 ? squared * squared : squared * squared * squared;
      const gain = Math.max(0.15, (1 - fall * edge) * (1 + leanX * u + leanY * v));
      let veil = 0;
      if (haze > 0) {
        const inward = 1 - Math.sqrt(u * u + v * v) - 0.35 * (1 - (u * hazeX + v * hazeY));
        veil = haze / (1 + Math.exp((inward + 0.35) / hazeWidth));
      }
      light.red[i] = (light.red[i] ?? 0) * gain + hazeRed * veil;
      light.green[i] = (light.green[i] ?? 0) * gain + veil;
      light.blue[i] = (light.blue[i] ?? 0) * gain + hazeBlue * veil;
    }
  }
}
