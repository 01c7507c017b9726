import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { between, chance } from '../draw/draws.ts';
import type { Light } from './light.ts';
import { softStep } from './light.ts';
import type { RetinaView } from './retina-view.ts';

/** Paints the optic disc (rim, cup, blurred edge, halo, crescent of pigment) and returns where it is. */
export function drawDisc(random: Random, view: RetinaView, light: Light): Mask {
  const { size, scale } = view;
  const data = new Uint8Array(size * size);
  const tall = 0.5 * between(random, 0.92, 1.08);
  const wide = tall * between(random, 0.8, 1);
  const edge = between(random, 0.08, 0.3);
  const lift = brightening(random, light);
  const cup = {
    x: between(random, 0, 0.1),
    y: between(random, -0.05, 0.05),
    radius: between(random, 0.12, 0.34),
    gain: between(random, 1.05, 1.6),
  };
  const halo = between(random, -0.04, 0.14);
  const crescent = chance(random, 0.35) ? between(random, -0.35, 0.25) : 0;
  const tilt = 0.15 * random.normal();
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
  const middle = view.toPixel({ x: 0, y: 0 });
  const reach = 1.6 * scale;
  for (let y = Math.max(0, Math.floor(middle.y - reach)); y < Math.min(size, middle.y + reach); y++) {
    for (let x = Math.max(0, Math.floor(middle.x - reach)); x < Math.min(size, middle.x + reach); x++) {
      const place = view.toPlace({ x, y });
      const u = (cos * place.x + sin * place.y) / wide;
      const v = (cos * place.y - sin * place.x) / tall;
      const out = Math.sqrt(u * u + v * v);
      const i = y * size + x;
      if (out <= 1) data[i] = 1;
      const inside = 1 - softStep((out - 1) / edge);
      const depth = softStep((cup.radius - Math.hypot(place.x - cup.x, place.y - cup.y)) / 0.12);
      const cupGain = 1 + (cup.gain - 1) * depth * inside;
      const around = halo * Math.exp(-(((out - 1) / 0.35) ** 2)) * (1 - inside);
      const moon = crescent * softStep(u) * Math.exp(-(((out - 1.1) / 0.1) ** 2));
      const ground = (1 + around) * (1 + moon);
      const red = (light.red[i] ?? 0) * ground * (1 + (lift.red - 1) * inside);
      const green = shoulder((light.green[i] ?? 0) * ground * (1 + (lift.green - 1) * inside) * cupGain);
      const blue = shoulder((light.blue[i] ?? 0) * ground * (1 + (lift.blue - 1) * inside) * cupGain);
      // Nerve tissue is yellow to white: never greener than red, nor bluer than green.
      light.red[i] = Math.max(red, green * inside);
      light.green[i] = green;
      light.blue[i] = inside > 0 ? Math.min(blue, Math.max(green, light.blue[i] ?? 0)) : blue;
    }
  }
  return { width: size, height: size, data };
}

/**
 * How much brighter the disc is than the retina. It is meant to be the more, the darker the eye, but follows that by chance only: what
 * is read is the first pixel of the middle row, on the left border of the image and mostly outside the field of view (of an image with
 * an odd side there is none, and 110 is taken). To be mended with the next pretraining: the shipped weights were made with it.
 */
function brightening(random: Random, light: Light): { red: number; green: number; blue: number } {
  const strength = between(random, 0.4, 1.25);
  const middle = light.green.length / 2;
  const dark = Math.min(1.6, Math.max(0.7, 110 / Math.max(30, light.green[middle] ?? 110)));
  return {
    red: 1 + 0.35 * strength * dark,
    green: 1 + 0.85 * strength * dark,
    blue: 1 + between(random, 0.3, 1) * strength * dark,
  };
}

/** Bends what would be far beyond white back to it, so that vessels stay seen on the brightest disc. */
function shoulder(value: number): number {
  return value < 170 ? value : 170 + 90 * (1 - Math.exp((170 - value) / 90));
}
