import type { Random } from '../../protocol/random.ts';
import { between, chance } from '../draw/draws.ts';
import type { Place } from './retina-view.ts';

/** A vessel that leaves the optic disc: its radius there and the places that it makes for, one after the other. */
export interface Trunk {
  readonly kind: 'artery' | 'vein';
  readonly start: Place;
  /** In disc diameters. */
  readonly radius: number;
  readonly goals: readonly Place[];
}

/** Half of each arcade: [temporal, up] in disc diameters, for an arcade of ordinary height. */
const TEMPORAL: readonly Place[] = [
  { x: 0.1, y: 0.75 },
  { x: 0.8, y: 1.65 },
  { x: 2.0, y: 2.3 },
  { x: 3.6, y: 2.35 },
  { x: 5.3, y: 1.8 },
  { x: 7.5, y: 1.1 },
];
const NASAL: readonly Place[] = [
  { x: -0.25, y: 0.65 },
  { x: -1.0, y: 1.6 },
  { x: -2.3, y: 2.9 },
  { x: -4.2, y: 4.6 },
  { x: -6, y: 6 },
];

/** Four arcades of an artery and a vein each, and small vessels straight to the nasal side and towards the macula. */
export function drawTrunks(random: Random): Trunk[] {
  const trunks: Trunk[] = [];
  const veinRadius = between(random, 0.046, 0.062);
  const arteryRadius = veinRadius * between(random, 0.62, 0.85);
  const stem = { x: between(random, -0.12, 0.05), y: between(random, -0.05, 0.05) };
  const radii = { artery: arteryRadius, vein: veinRadius };
  for (const upward of [-1, 1]) {
    for (const [arcade, share] of [
      [TEMPORAL, 1],
      [NASAL, between(random, 0.6, 0.9)],
    ] as const) {
      const height = between(random, 0.78, 1.2);
      const lean = between(random, -0.15, 0.25);
      const bend = arcade.map((_, i) => (0.1 + 0.07 * i) * random.normal());
      const gap = between(random, 0.03, 0.3) * (chance(random, 0.5) ? 1 : -1);
      for (const kind of ['vein', 'artery'] as const) {
        const apart = kind === 'vein' ? gap / 2 : -gap / 2;
        const goals = arcade.map(({ x, y }, i) => ({
          x: x + lean * Math.min(i, 2) + (x < 0 ? 1 : -1) * apart + 0.06 * (i + 1) * random.normal(),
          y: upward * (y * height + (bend[i] ?? 0) + apart + 0.05 * (i + 1) * random.normal()),
        }));
        const start = { x: stem.x + 0.05 * random.normal(), y: stem.y + upward * between(random, 0, 0.12) };
        trunks.push({ kind, start, radius: radii[kind] * share * between(random, 0.85, 1.1), goals });
      }
    }
  }
  for (const kind of ['vein', 'artery'] as const) {
    const nasal = 1 + random.integer(2);
    for (let i = 0; i < nasal; i++)
      trunks.push(straight(random, kind, radii[kind] * between(random, 0.3, 0.6), -1));
    const macular = 1 + random.integer(3);
    for (let i = 0; i < macular; i++)
      trunks.push(straight(random, kind, radii[kind] * between(random, 0.2, 0.4), 1));
  }
  return chance(random, 0.5) ? trunks : trunks.reverse();
}

/** A small vessel to the nasal (-1) or temporal (1) side. */
function straight(random: Random, kind: Trunk['kind'], radius: number, side: number): Trunk {
  const slope = side > 0 ? between(random, -0.75, 0.75) : between(random, -0.6, 0.6);
  const far = side > 0 ? between(random, 1.7, 2.6) : 5;
  const start = { x: side * between(random, 0.05, 0.3), y: 0.3 * slope };
  const goals = [0.6, 1, far].map((x, i) => ({
    x: side * x,
    y: slope * Math.sqrt(x) + 0.06 * (i + 1) * random.normal(),
  }));
  return { kind, start, radius, goals };
}
