import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { smoothNoise } from '../draw/fields.ts';
import { between, chance } from '../draw/draws.ts';
import type { Light } from './light.ts';
import { softStep } from './light.ts';
import type { Place, RetinaView } from './retina-view.ts';

/** One kind of lesion: how many, how great, how ragged, and by what it multiplies each colour at its centre. */
interface LesionKind {
  readonly count: readonly [least: number, greatest: number];
  /** Radius in disc diameters. */
  readonly radius: readonly [least: number, greatest: number];
  /** 0: round; 1: as ragged as a splash. */
  readonly ragged: number;
  /** Softness of the edge over the radius. */
  readonly edge: number;
  readonly red: readonly [number, number];
  readonly green: readonly [number, number];
  readonly blue: readonly [number, number];
  /** Whether they lie in one group, as exudates do, or anywhere. */
  readonly grouped: boolean;
  readonly nearMacula: boolean;
}

const KINDS: readonly LesionKind[] = [
  // Haemorrhages: blot and flame.
  {
    count: [1, 9],
    radius: [0.05, 0.28],
    ragged: 0.7,
    edge: 0.35,
    red: [0.72, 0.95],
    green: [0.45, 0.7],
    blue: [0.5, 0.85],
    grouped: false,
    nearMacula: false,
  },
  // Microaneurysms.
  {
    count: [3, 25],
    radius: [0.015, 0.035],
    ragged: 0,
    edge: 0.5,
    red: [0.75, 0.95],
    green: [0.6, 0.8],
    blue: [0.65, 0.9],
    grouped: false,
    nearMacula: true,
  },
  // Hard exudates: yellow, sharp, in groups.
  {
    count: [5, 50],
    radius: [0.02, 0.08],
    ragged: 0.5,
    edge: 0.25,
    red: [1.05, 1.4],
    green: [1.3, 1.9],
    blue: [1, 1.5],
    grouped: true,
    nearMacula: true,
  },
  // Soft exudates (cotton wool).
  {
    count: [1, 5],
    radius: [0.1, 0.28],
    ragged: 0.5,
    edge: 0.8,
    red: [1.05, 1.25],
    green: [1.25, 1.7],
    blue: [1.25, 1.8],
    grouped: false,
    nearMacula: false,
  },
  // Drusen: pale yellow, round, soft, about the macula.
  {
    count: [6, 60],
    radius: [0.02, 0.07],
    ragged: 0.15,
    edge: 0.7,
    red: [1.03, 1.2],
    green: [1.12, 1.4],
    blue: [1.05, 1.3],
    grouped: true,
    nearMacula: true,
  },
];

/** Paints one to three kinds of lesion and returns where they are. */
export function drawLesions(random: Random, view: RetinaView, light: Light): Mask {
  const { size } = view;
  const mask = { width: size, height: size, data: new Uint8Array(size * size) };
  const ragged = smoothNoise(random, size, size, Math.max(1.5, 0.07 * view.scale));
  const kinds = 1 + random.integer(3);
  for (let i = 0; i < kinds; i++) {
    const kind = KINDS[random.integer(KINDS.length)];
    if (kind) drawKind(random, view, light, { kind, mask, ragged });
  }
  return mask;
}

interface Canvas {
  readonly kind: LesionKind;
  readonly mask: Mask;
  readonly ragged: Float32Array;
}

function drawKind(random: Random, view: RetinaView, light: Light, canvas: Canvas): void {
  const { kind } = canvas;
  const [least, greatest] = kind.count;
  const count = Math.round(least * (greatest / least) ** random.uniform());
  const group = anywhere(random, view, kind.nearMacula);
  const spread = between(random, 0.25, 0.9);
  const gains = [between(random, ...kind.red), between(random, ...kind.green), between(random, ...kind.blue)];
  for (let i = 0; i < count; i++) {
    const place =
      kind.grouped && chance(random, 0.85)
        ? { x: group.x + spread * random.normal(), y: group.y + spread * random.normal() }
        : anywhere(random, view, kind.nearMacula && chance(random, 0.6));
    const [small, large] = kind.radius;
    const radius = small * (large / small) ** random.uniform();
    drawLesion(view, light, canvas, {
      ...view.toPixel(place),
      radius: Math.max(0.8, radius * view.scale),
      stretch: between(random, 0.6, 1),
      turn: Math.PI * random.uniform(),
      gains,
      strength: between(random, 0.6, 1.1),
    });
  }
}

interface Lesion extends Place {
  readonly radius: number;
  readonly stretch: number;
  readonly turn: number;
  readonly gains: readonly number[];
  readonly strength: number;
}

function drawLesion(view: RetinaView, light: Light, { kind, mask, ragged }: Canvas, lesion: Lesion): void {
  const { size } = view;
  const reach = 2.2 * lesion.radius + 1;
  const [cos, sin] = [Math.cos(lesion.turn), Math.sin(lesion.turn)];
  const planes = [light.red, light.green, light.blue];
  for (let y = Math.max(0, Math.ceil(lesion.y - reach)); y < Math.min(size, lesion.y + reach); y++) {
    for (let x = Math.max(0, Math.ceil(lesion.x - reach)); x < Math.min(size, lesion.x + reach); x++) {
      const i = y * size + x;
      const along = cos * (x - lesion.x) + sin * (y - lesion.y);
      const across = (cos * (y - lesion.y) - sin * (x - lesion.x)) / lesion.stretch;
      const out = Math.sqrt(along * along + across * across) / lesion.radius;
      const rough = 1 + 0.45 * kind.ragged * (ragged[i] ?? 0);
      const inside = 1 - softStep((out - rough) / kind.edge);
      if (inside <= 0) continue;
      if (inside > 0.5) mask.data[i] = 1;
      planes.forEach((plane, c) => {
        const gain = 1 + ((lesion.gains[c] ?? 1) - 1) * lesion.strength;
        plane[i] = (plane[i] ?? 0) * gain ** inside;
      });
    }
  }
}

function anywhere(random: Random, view: RetinaView, nearMacula: boolean): Place {
  if (nearMacula) {
    return { x: view.fovea.x + 0.8 * random.normal(), y: view.fovea.y + 0.8 * random.normal() };
  }
  const distance = view.reach * Math.sqrt(random.uniform());
  const angle = 2 * Math.PI * random.uniform();
  return { x: view.centre.x + distance * Math.cos(angle), y: view.centre.y + distance * Math.sin(angle) };
}
