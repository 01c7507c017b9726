import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import { addMask, emptyMask } from '../draw/masks.ts';
import { strokeMask, strokeThickness } from '../draw/strokes.ts';
import type { VesselPiece } from '../draw/strokes.ts';

/** Adds a bone's shadow to `attenuation` and gives its region. */
export type DrawBone = (random: Random, attenuation: Float32Array, size: number) => Mask;

/** A family of ribs: parallel bows, each a tube whose wall is denser than its marrow. */
export const drawRibs: DrawBone = (random, attenuation, size) => {
  const mask = emptyMask(size, size);
  const radius = size * between(random, 0.018, 0.04);
  const gap = radius * between(random, 3, 5.5);
  const slope = between(random, -0.7, 0.7);
  const bow = between(random, -0.6, 0.6) / size;
  const centre = size * between(random, 0.2, 0.8);
  const density = logBetween(random, 0.025, 0.2);
  const wall = between(random, 0.12, 0.35);
  const step = radius * 0.7;
  for (
    let middle = gap * (random.uniform() - 3);
    middle < size * 1.3;
    middle += gap * between(random, 0.85, 1.15)
  ) {
    const pieces: VesselPiece[] = [];
    const ownSlope = slope + 0.05 * random.normal();
    const [end, shift] = [chance(random, 0.25) ? size * random.uniform() : size * 1.1, radius * 0.3];
    const heightAt = (x: number): number =>
      middle + ownSlope * (x - centre) + bow * (x - centre) ** 2 + shift * Math.sin(x / (6 * radius));
    for (let x = -0.1 * size; x < end; x += step) {
      pieces.push({
        x0: x,
        y0: heightAt(x),
        x1: x + step,
        y1: heightAt(x + step),
        radius: radius * (0.95 + 0.05 * Math.cos(x / (4 * radius))),
      });
    }
    const outer = strokeThickness(pieces, size, size);
    const inner = strokeThickness(
      pieces.map((piece) => ({ ...piece, radius: piece.radius * (1 - wall) })),
      size,
      size,
    );
    const strength = density / (2 * radius);
    for (let i = 0; i < outer.length; i++) {
      if (outer[i])
        attenuation[i] = (attenuation[i] ?? 0) + strength * ((outer[i] ?? 0) - 0.7 * (inner[i] ?? 0));
    }
    addMask(mask, strokeMask(pieces, size, size));
  }
  return mask;
};

/** A column of vertebrae with denser end plates, pedicles and a spinous process. */
export const drawSpine: DrawBone = (random, attenuation, size) => {
  const mask = emptyMask(size, size);
  const half = size * between(random, 0.06, 0.13);
  const height = half * between(random, 1.1, 1.7);
  const middle = size * between(random, 0.05, 0.95);
  const lean = between(random, -0.25, 0.25);
  const bow = between(random, -0.25, 0.25) / size;
  const density = between(random, 0.08, 0.4);
  const phase = height * random.uniform();
  const softness = size * between(random, 0.004, 0.012);
  const pedicle = between(random, 0.1, 0.4);
  for (let y = 0; y < size; y++) {
    const axis = middle + lean * (y - size / 2) + bow * (y - size / 2) ** 2;
    const along = ((y + phase) % height) / height;
    // Waisted bodies, a disc between each and the next.
    const fromEnd = Math.min(along, 1 - along);
    const body = edge((fromEnd - 0.07) * height, softness);
    const plate = Math.exp(-(((fromEnd - 0.1) * height) ** 2) / (2 * (1.2 * softness) ** 2));
    const width = half * (1 - 0.12 * Math.sin(Math.PI * along));
    for (let x = Math.max(0, Math.floor(axis - 1.2 * half)); x < Math.min(size, axis + 1.2 * half); x++) {
      const across = (x - axis) / width;
      const inside = edge((1 - Math.abs(across)) * width, softness);
      const rim = Math.exp(-(((1 - Math.abs(across)) * width - softness) ** 2) / (2 * softness ** 2));
      const pedicles = Math.exp(-(((Math.abs(across) - 0.55) / 0.16) ** 2) - ((along - 0.35) / 0.16) ** 2);
      const process = Math.exp(-((across / 0.1) ** 2) - ((along - 0.6) / 0.22) ** 2);
      const shadow =
        inside * (0.45 + 0.45 * body + 0.25 * plate * body) +
        0.25 * rim * body +
        pedicle * (pedicles + process);
      const i = y * size + x;
      attenuation[i] = (attenuation[i] ?? 0) + density * shadow;
      if (Math.abs(across) <= 1) mask.data[i] = 1;
    }
  }
  return mask;
};

/** A shell of bone: dense where the beam grazes it, with air beyond. The region is the grazed band. */
export const drawSkull: DrawBone = (random, attenuation, size) => {
  const mask = emptyMask(size, size);
  const [centreX, centreY] = [size * between(random, 0.3, 0.7), size * between(random, 0.4, 0.8)];
  const [radiusX, radiusY] = [size * between(random, 0.42, 0.8), size * between(random, 0.42, 0.8)];
  const wall = between(random, 0.025, 0.07);
  const density = logBetween(random, 0.15, 0.7);
  const air = between(random, 0.2, 1.2);
  const scalp = 1 + between(random, 0.01, 0.06);
  const inner = (1 - wall) ** 2;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const squared = ((x - centreX) / radiusX) ** 2 + ((y - centreY) / radiusY) ** 2;
      const shell = Math.sqrt(Math.max(0, 1 - squared)) - Math.sqrt(Math.max(0, inner - squared));
      // The grazing chord, sqrt(1 - inner), is the greatest.
      const beyond = edge((squared - scalp * scalp) * size * 0.5, size * 0.02);
      const i = y * size + x;
      attenuation[i] = (attenuation[i] ?? 0) + (density * shell) / Math.sqrt(1 - inner) - air * beyond;
      if (squared <= 1 && squared >= inner * (1 - 0.6 * wall)) mask.data[i] = 1;
    }
  }
  return mask;
};

/** 0 far outside, 1 far inside, a smooth step about 0. */
export function edge(distance: number, softness: number): number {
  if (distance > 12 * softness) return 1;
  if (distance < -12 * softness) return 0;
  return 1 / (1 + Math.exp(-distance / softness));
}
