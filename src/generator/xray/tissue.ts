import type { Random } from '../../protocol/random.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import { addBump, smoothNoise } from '../draw/fields.ts';
import { edge } from './bones.ts';
import type { Region } from './regions.ts';

/** Attenuation of the soft tissue before the vessels: organs with an outline, over clouds of several sizes. */
export function drawTissue(random: Random, region: Region, size: number): Float32Array {
  const attenuation = new Float32Array(size * size);
  if (region === 'phantom') {
    addClouds(random, attenuation, size, logBetween(random, 0.005, 0.15), 0.4);
    return attenuation;
  }
  addClouds(random, attenuation, size, logBetween(random, 0.04, 0.4), 0.45);
  addClouds(random, attenuation, size, logBetween(random, 0.015, 0.1), 0.12);
  if (chance(random, 0.5)) addClouds(random, attenuation, size, logBetween(random, 0.01, 0.06), 0.03);
  if (region === 'left coronary' || region === 'right coronary') {
    if (chance(random, 0.7)) addHeart(random, attenuation, size);
    if (chance(random, 0.5)) addDiaphragm(random, attenuation, size);
    if (chance(random, 0.5)) addLungMarkings(random, attenuation, size);
  } else if (region === 'peripheral') {
    if (chance(random, 0.5)) addLimb(random, attenuation, size);
  } else {
    addBase(random, attenuation, size);
  }
  return attenuation;
}

function addClouds(
  random: Random,
  attenuation: Float32Array,
  size: number,
  strength: number,
  scale: number,
): void {
  const clouds = smoothNoise(random, size, size, size * scale * between(random, 0.6, 1.6));
  for (let i = 0; i < attenuation.length; i++)
    attenuation[i] = (attenuation[i] ?? 0) + strength * (clouds[i] ?? 0);
}

/** A half plane bounded by a wide bow: diaphragm, or the lung's border where the density is negative. */
function addDiaphragm(random: Random, attenuation: Float32Array, size: number): void {
  const turn = between(random, -0.5, 0.5) + (chance(random, 0.2) ? Math.PI / 2 : 0);
  const radius = size * between(random, 0.4, 1.2);
  const [x0, y0] = [size * between(random, 0.1, 0.9), size * between(random, 0.55, 0.95) + radius];
  const density = between(random, 0.1, 0.7);
  const softness = size * logBetween(random, 0.003, 0.04);
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  const half = size / 2;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const u = half + cosine * (x - half) + sine * (y - half);
      const v = half - sine * (x - half) + cosine * (y - half);
      const depth = radius - Math.sqrt((u - x0) ** 2 + (v - y0) ** 2);
      attenuation[i] = (attenuation[i] ?? 0) + density * edge(depth, softness);
    }
  }
}

function addHeart(random: Random, attenuation: Float32Array, size: number): void {
  const [x0, y0] = [size * between(random, 0.25, 0.75), size * between(random, 0.3, 0.8)];
  const [radiusX, radiusY] = [size * between(random, 0.3, 0.6), size * between(random, 0.3, 0.6)];
  const turn = between(random, 0, Math.PI);
  const density = between(random, 0.08, 0.45);
  const softness = logBetween(random, 0.02, 0.15);
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const u = (cosine * (x - x0) + sine * (y - y0)) / radiusX;
      const v = (cosine * (y - y0) - sine * (x - x0)) / radiusY;
      attenuation[i] = (attenuation[i] ?? 0) + density * edge(1 - Math.sqrt(u * u + v * v), softness);
    }
  }
}

/** The lung's own vessels and bronchi: a faint tangle that is no vessel filled with contrast. */
function addLungMarkings(random: Random, attenuation: Float32Array, size: number): void {
  const ridges = smoothNoise(random, size, size, size * between(random, 0.02, 0.06));
  const where = smoothNoise(random, size, size, size * 0.3);
  const density = logBetween(random, 0.01, 0.05);
  for (let i = 0; i < attenuation.length; i++) {
    const ridge = 1 / (1 + 25 * (ridges[i] ?? 0) ** 2);
    attenuation[i] = (attenuation[i] ?? 0) + density * ridge * edge(where[i] ?? 0, 0.3);
  }
}

function addLimb(random: Random, attenuation: Float32Array, size: number): void {
  const half = size * between(random, 0.2, 0.45);
  const middle = size * between(random, 0.4, 0.6);
  const lean = between(random, -0.25, 0.25);
  const density = between(random, 0.15, 0.8);
  const shaft = between(random, 0.1, 0.3);
  const bone = chance(random, 0.6) ? between(random, 0.05, 0.3) : 0;
  const boneAt = between(random, -0.5, 0.5);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const across = (x - middle - lean * (y - size / 2)) / half;
      const flesh = Math.sqrt(Math.max(0, 1 - across * across));
      const within = ((across - boneAt) / shaft) ** 2;
      const cortex = Math.sqrt(Math.max(0, 1 - within)) - 0.7 * Math.sqrt(Math.max(0, 0.6 - within));
      attenuation[i] = (attenuation[i] ?? 0) + density * flesh + bone * cortex;
    }
  }
}

/** The base of the skull: crowded dense and airy blotches low in the picture. */
function addBase(random: Random, attenuation: Float32Array, size: number): void {
  const y0 = size * between(random, 0.6, 1);
  const count = random.integer(14);
  for (let blotch = 0; blotch < count; blotch++) {
    addBump(attenuation, size, size, {
      x: size * random.uniform(),
      y: y0 + 0.15 * size * random.normal(),
      radiusX: size * between(random, 0.02, 0.15),
      radiusY: size * between(random, 0.02, 0.08),
      strength: between(random, -0.25, 0.5),
    });
  }
}
