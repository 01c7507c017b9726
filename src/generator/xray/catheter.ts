import type { Random } from '../../protocol/random.ts';
import { traceCurve, tubeAlong } from '../draw/curve.ts';
import type { CurvePoint } from '../draw/curve.ts';
import { between, chance, logBetween, sign } from '../draw/draws.ts';
import { strokeThickness } from '../draw/strokes.ts';
import type { Root } from './tree.ts';

export interface Catheter {
  readonly points: readonly CurvePoint[];
  readonly radius: number;
  /** What it adds to the beam's attenuation, at each pixel. */
  readonly attenuation: Float32Array;
}

export interface CatheterOptions {
  /** Attenuation of undiluted contrast per pixel of depth; the lumen may hold it. */
  readonly contrast: number;
  /** Whether contrast runs through it now. */
  readonly filled: boolean;
}

/**
 * A tube of one calibre, 4 to 8 pixels at 512, whose tip lies at the root of the vessels: bent sharply once or twice
 * near the tip, as it was moulded, then in a wide bow to the border.
 */
export function drawCatheter(random: Random, root: Root, size: number, options: CatheterOptions): Catheter {
  const radius = (size / 512) * between(random, 2, 4);
  const points = catheterAxis(random, root, size);
  const outer = strokeThickness(tubeAlong(points, radius), size, size);
  const lumenRadius = radius * between(random, 0.5, 0.75);
  const inner = strokeThickness(tubeAlong(points, lumenRadius), size, size);
  const wall = logBetween(random, 0.06, 0.7) / (2 * Math.sqrt(radius * radius - lumenRadius * lumenRadius));
  const lumen = options.filled ? options.contrast * between(random, 0.3, 1) : 0;
  const attenuation = new Float32Array(outer.length);
  for (let i = 0; i < outer.length; i++) {
    const hollow = inner[i] ?? 0;
    attenuation[i] = wall * ((outer[i] ?? 0) - hollow) + lumen * hollow;
  }
  return { points, radius, attenuation };
}

function catheterAxis(random: Random, root: Root, size: number): CurvePoint[] {
  const tip = size * between(random, 0, 0.06);
  const first = {
    at: size * between(random, 0.02, 0.08),
    over: size * between(random, 0.04, 0.12),
    turn: sign(random) * between(random, 0, 2),
  };
  const second = {
    at: size * between(random, 0.15, 0.4),
    over: size * between(random, 0.1, 0.3),
    turn: sign(random) * between(random, 0, 1.4),
  };
  const wide = (sign(random) * between(random, 0, 1.2)) / size;
  const bendOf = (bend: typeof first, way: number): number =>
    way > bend.at && way < bend.at + bend.over ? bend.turn / bend.over : 0;
  return traceCurve(random, size, {
    x: root.x + tip * Math.cos(root.heading),
    y: root.y + tip * Math.sin(root.heading),
    heading: root.heading + Math.PI + between(random, -0.25, 0.25),
    length: 2.5 * size,
    bend: (way) => bendOf(first, way) + bendOf(second, way) + wide,
    wander: (chance(random, 0.5) ? 0.1 : 0.3) * (512 / size),
  });
}
