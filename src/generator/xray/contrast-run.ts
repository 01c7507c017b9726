import type { Random } from '../../protocol/random.ts';
import { traceCurve } from '../draw/curve.ts';
import type { CurvePoint } from '../draw/curve.ts';
import { between } from '../draw/draws.ts';
import { addBump, gaussianBlur } from '../draw/fields.ts';
import { strokeThickness } from '../draw/strokes.ts';
import { tubeAlong } from '../draw/curve.ts';
import type { Bolus } from './bolus.ts';
import { RIM } from './chest.ts';
import { contrastThickness } from './contrast.ts';
import type { FilledPiece } from './contrast.ts';
import type { Coronary } from './coronary.ts';
import { moved } from './motion.ts';
import type { HeartMap, Place } from './motion.ts';
import type { Layer } from './layers.ts';

/** The catheter at rest, its tip first. */
export interface CineCatheter {
  readonly points: readonly CurvePoint[];
  readonly radius: number;
  readonly lumenRadius: number;
  /** Attenuation of the wall per pixel of depth. */
  readonly wall: number;
}

/** A tube of two millimetres that comes from the arch above, bends and ends in the artery's mouth. */
export function layCatheter(random: Random, { root }: Coronary, size: number): CineCatheter {
  const radius = (size / 512) * between(random, 3, 3.6);
  const back = root.heading + Math.PI;
  const upwards = Math.atan2(Math.sin(-Math.PI / 2 - back), Math.cos(-Math.PI / 2 - back));
  const bend = { at: size * 0.035, over: size * between(random, 0.08, 0.11), turn: upwards };
  const bow = (-Math.sign(upwards) * between(random, 0.15, 0.4)) / size;
  const points = traceCurve(random, size, {
    x: root.x + 0.022 * size * Math.cos(root.heading),
    y: root.y + 0.022 * size * Math.sin(root.heading),
    heading: back,
    length: 2 * size,
    bend: (way) => (way > bend.at && way < bend.at + bend.over ? bend.turn / bend.over : bow),
    wander: (0.05 * 512) / size,
  });
  const lumenRadius = 0.66 * radius;
  const wall = between(random, 0.3, 0.36) / (2 * Math.sqrt(radius ** 2 - lumenRadius ** 2));
  return { points, radius, lumenRadius, wall };
}

/** Its tip goes with the heart, the rest the less the farther from there. */
export function moveCatheter({ points }: CineCatheter, tipMap: HeartMap, size: number): CurvePoint[] {
  const [tip] = points;
  if (!tip) return [];
  const now = moved(tipMap, tip);
  let way = 0;
  return points.map((point, k) => {
    const before = points[k - 1] ?? point;
    way += Math.hypot(point.x - before.x, point.y - before.y);
    const share = Math.exp(-way / (0.3 * size));
    return { x: point.x + share * (now.x - tip.x), y: point.y + share * (now.y - tip.y) };
  });
}

/** @param lumen attenuation of what runs through it, per pixel of depth */
export function catheterAttenuation(
  { radius, lumenRadius, wall }: CineCatheter,
  points: readonly CurvePoint[],
  lumen: number,
  size: number,
): Float32Array {
  const outer = strokeThickness(tubeAlong(points, radius), size, size);
  const inner = strokeThickness(tubeAlong(points, lumenRadius), size, size);
  return outer.map((thick, i) => wall * (thick - (inner[i] ?? 0)) + lumen * (inner[i] ?? 0));
}

/** The pieces of each branch in a pose of the heart, with the contrast that is in them by now. */
export function fillCoronary(
  { branches, trunkRadius }: Coronary,
  bolus: Bolus,
  seconds: number,
  map: HeartMap,
): FilledPiece[][] {
  return branches.map(({ points, parentRadius }) => {
    const places = points.map((point) => moved(map, point));
    const first = points[0]?.fromRoot ?? 0;
    return points.slice(1).flatMap((to, k): FilledPiece[] => {
      const [from, a, b] = [points[k], places[k], places[k + 1]];
      if (!from || !a || !b) return [];
      const radius = (from.radius + to.radius) / 2;
      // Thin branches are filled less well.
      const dilution = Math.min(1, radius / trunkRadius) ** 0.12;
      const overlap = Math.min(1, Math.max(0, (from.fromRoot - first) / (2 * parentRadius + 1) - 0.5));
      const density = dilution * bolus.share(from.fromRoot, seconds);
      // Where a vessel leans towards the beam, there is more of it in the beam's way.
      return [
        {
          x0: a.x,
          y0: a.y,
          x1: b.x,
          y1: b.y,
          radius,
          density: density * Math.min(2, to.lengthening),
          overlap,
        },
      ];
    });
  });
}

/** Contrast that flows back out of the artery's mouth and whirls in the aorta. */
export function addOverflow(
  into: Float32Array,
  tip: Place,
  heading: number,
  strength: number,
  seconds: number,
  size: number,
): void {
  if (strength < 1e-3) return;
  for (let whirl = 0; whirl < 4; whirl++) {
    const turn = 5 * seconds + 1.7 * whirl;
    const away = size * (0.025 + 0.008 * whirl);
    addBump(into, size, size, {
      x: tip.x - away * Math.cos(heading) + 0.012 * size * Math.sin(turn),
      y: tip.y - away * Math.sin(heading) - 0.01 * size * whirl + 0.01 * size * Math.cos(1.3 * turn),
      radiusX: size * (0.014 + 0.004 * whirl),
      radiusY: size * (0.012 + 0.005 * whirl),
      strength: strength * (0.55 + 0.45 * Math.sin(2.1 * turn)) * 0.6 ** whirl,
    });
  }
}

/** The heart's muscle when contrast has passed into vessels too small to be seen: a cloud about those that are. */
export function drawStain(coronary: Coronary, bolus: Bolus, full: number, size: number): Layer {
  const rim = Math.round(RIM * size);
  const side = size + 2 * rim;
  const rest: HeartMap = { centre: { x: 0, y: 0 }, cosine: 1, sine: 0, shift: { x: rim, y: rim } };
  const thickness = contrastThickness(fillCoronary(coronary, bolus, full, rest), side, side);
  return { side, rim, data: gaussianBlur(thickness, side, side, 0.04 * size) };
}
