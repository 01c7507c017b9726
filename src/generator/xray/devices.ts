import type { Random } from '../../protocol/random.ts';
import { traceCurve, tubeAlong } from '../draw/curve.ts';
import type { CurvePoint } from '../draw/curve.ts';
import { between, chance, logBetween, sign } from '../draw/draws.ts';
import { strokeThickness } from '../draw/strokes.ts';
import type { VesselPiece } from '../draw/strokes.ts';
import type { Catheter } from './catheter.ts';
import type { XrayLook } from './look.ts';
import type { Region, Vessels } from './regions.ts';

/** Adds tubes or wires of metal or plastic, which are neither vessels nor catheters; `density` per own width. */
function addTubes(
  attenuation: Float32Array,
  size: number,
  pieces: readonly VesselPiece[],
  density: number,
): void {
  const [first] = pieces;
  if (!first) return;
  const thickness = strokeThickness(pieces, size, size);
  const perPixel = density / (2 * first.radius);
  for (let i = 0; i < thickness.length; i++)
    if (thickness[i]) attenuation[i] = (attenuation[i] ?? 0) + perPixel * (thickness[i] ?? 0);
}

/**
 * Some of what lies in and on patients: guide wires, stents, wires of the breast bone, cables and electrodes, leads
 * of a pacemaker, surgical clips.
 */
export function addDevices(
  random: Random,
  look: XrayLook,
  attenuation: Float32Array,
  size: number,
  region: Region,
  vessels: Vessels,
  catheter: Catheter | null,
): void {
  const there = (probability: number): boolean => chance(random, look.disturbance * probability);
  if (there(region === 'phantom' ? 0.5 : 0.06)) addScratches(random, attenuation, size);
  if (region === 'phantom') {
    if (there(0.4)) addEmptyTube(random, attenuation, size);
    return;
  }
  if (there(0.22)) addGuideWire(random, attenuation, size, vessels, catheter);
  if (there(0.12)) addStent(random, attenuation, size, vessels);
  if (region !== 'cerebral' && there(0.12)) addSternalWires(random, attenuation, size);
  if (there(0.15)) addCable(random, attenuation, size);
  if (there(0.1)) addLead(random, attenuation, size);
  if (there(0.1)) addClips(random, attenuation, size);
}

function freeCurve(random: Random, size: number, wander: number, turn: number): CurvePoint[] {
  const around = between(random, 0, 2 * Math.PI);
  const bend = (sign(random) * between(random, 0, turn)) / size;
  return traceCurve(random, size, {
    x: size * (0.5 + 0.55 * Math.cos(around)),
    y: size * (0.5 + 0.55 * Math.sin(around)),
    heading: around + Math.PI + between(random, -0.8, 0.8),
    length: size * between(random, 0.4, 2),
    bend: () => bend,
    wander: (wander * 512) / size,
  });
}

/** Through the catheter and on into a branch, or on a way of its own. */
function addGuideWire(
  random: Random,
  attenuation: Float32Array,
  size: number,
  vessels: Vessels,
  catheter: Catheter | null,
): void {
  const radius = (size / 512) * between(random, 0.4, 1);
  const density = logBetween(random, 0.3, 1.6);
  const within = vessels.branches[random.integer(3)];
  if (catheter && within && chance(random, 0.7)) {
    addTubes(attenuation, size, tubeAlong(catheter.points, radius), density * between(random, 0.2, 1));
    const side = between(random, -0.5, 0.5);
    const points = within.points.map(({ x, y, radius: room }) => ({
      x: x + side * room,
      y: y + side * room,
    }));
    addTubes(attenuation, size, tubeAlong(points, radius), density);
    addTubes(attenuation, size, tubeAlong(points.slice(-12), radius * 1.4), density * 0.6);
    return;
  }
  addTubes(attenuation, size, tubeAlong(freeCurve(random, size, 0.3, 2.5), radius), density);
}

/** Struts in two crossed zigzags around the axis of a vessel. */
function addStent(random: Random, attenuation: Float32Array, size: number, vessels: Vessels): void {
  const branch = vessels.branches[random.integer(6)];
  if (!branch || branch.points.length < 12) return;
  const from = random.integer(branch.points.length - 10);
  const points = branch.points.slice(from, from + 10 + random.integer(30));
  const room = (points[0]?.radius ?? 1) * between(random, 0.95, 1.3);
  const pitch = room * between(random, 1, 2.5);
  const radius = (size / 512) * between(random, 0.3, 0.6);
  const density = logBetween(random, 0.08, 0.5);
  for (const phase of [0, Math.PI]) {
    const strut: CurvePoint[] = [];
    for (let k = 1; k < points.length; k++) {
      const [a, b] = [points[k - 1], points[k]];
      if (!a || !b) continue;
      const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
      const count = Math.max(1, Math.ceil((4 * length) / pitch));
      for (let part = 0; part < count; part++) {
        const share = part / count;
        const way = a.fromRoot + share * length;
        const off = room * Math.sin((2 * Math.PI * way) / pitch + phase);
        strut.push({
          x: a.x + share * (b.x - a.x) - (off * (b.y - a.y)) / length,
          y: a.y + share * (b.y - a.y) + (off * (b.x - a.x)) / length,
        });
      }
    }
    addTubes(attenuation, size, tubeAlong(strut, radius), density);
  }
}

/** Twisted loops, one below the other. */
function addSternalWires(random: Random, attenuation: Float32Array, size: number): void {
  const radius = (size / 512) * between(random, 0.5, 1.1);
  const [x0, gap] = [size * between(random, 0.2, 0.8), size * between(random, 0.12, 0.25)];
  for (let y0 = gap * random.uniform(); y0 < size; y0 += gap * between(random, 0.8, 1.2)) {
    const [a, b] = [size * between(random, 0.02, 0.05), size * between(random, 0.01, 0.03)];
    const [x, turn] = [x0 + 0.03 * size * random.normal(), between(random, 0, Math.PI)];
    const loop: CurvePoint[] = [];
    for (let angle = 0.2; angle < 2 * Math.PI; angle += 0.25) {
      const [u, v] = [a * Math.cos(angle), b * Math.sin(angle)];
      loop.push({
        x: x + u * Math.cos(turn) - v * Math.sin(turn),
        y: y0 + u * Math.sin(turn) + v * Math.cos(turn),
      });
    }
    for (let k = 0; k < 8; k++) loop.push({ x: x + a * 1.1 + (k % 2) * 2 * radius, y: y0 + k * radius });
    addTubes(attenuation, size, tubeAlong(loop, radius), logBetween(random, 0.5, 2));
  }
}

/** An ECG cable, faint, with its electrode. */
function addCable(random: Random, attenuation: Float32Array, size: number): void {
  const radius = (size / 512) * between(random, 0.7, 2.5);
  const points = freeCurve(random, size, 0.8, 4);
  addTubes(attenuation, size, tubeAlong(points, radius), logBetween(random, 0.05, 0.4));
  const end = points.at(-1);
  if (end && chance(random, 0.6)) {
    addTubes(
      attenuation,
      size,
      [{ x0: end.x, y0: end.y, x1: end.x + 1, y1: end.y, radius: (size / 512) * between(random, 4, 12) }],
      0.4,
    );
  }
}

/** A pacemaker's lead: a coil with dense electrodes at its tip. */
function addLead(random: Random, attenuation: Float32Array, size: number): void {
  const radius = (size / 512) * between(random, 0.9, 2);
  const points = freeCurve(random, size, 0.5, 4);
  const density = logBetween(random, 0.25, 1);
  addTubes(attenuation, size, tubeAlong(points, radius), density);
  addTubes(attenuation, size, tubeAlong(points.slice(-4), radius * 1.5), 1.5 * density);
  addTubes(attenuation, size, tubeAlong(points.slice(-11, -8), radius * 1.5), 1.5 * density);
}

function addClips(random: Random, attenuation: Float32Array, size: number): void {
  const count = 1 + random.integer(6);
  const [x0, y0] = [size * random.uniform(), size * random.uniform()];
  for (let clip = 0; clip < count; clip++) {
    const [x, y] = [x0 + 0.1 * size * random.normal(), y0 + 0.1 * size * random.normal()];
    const [turn, length] = [between(random, 0, Math.PI), (size / 512) * between(random, 3, 10)];
    const piece = {
      x0: x,
      y0: y,
      x1: x + length * Math.cos(turn),
      y1: y + length * Math.sin(turn),
      radius: (size / 512) * between(random, 0.7, 1.6),
    };
    addTubes(attenuation, size, [piece], between(random, 0.6, 2));
  }
}

/** A tube that no contrast runs through: its walls, faintly. */
function addEmptyTube(random: Random, attenuation: Float32Array, size: number): void {
  const radius = (size / 512) * between(random, 3, 8);
  const points = freeCurve(random, size, 0.5, 3);
  const density = logBetween(random, 0.02, 0.12);
  addTubes(attenuation, size, tubeAlong(points, radius), density);
  addTubes(attenuation, size, tubeAlong(points, radius * 0.8), -0.8 * density);
}

/** Faint straight lines and specks: edges of a phantom, dirt, bubbles. */
function addScratches(random: Random, attenuation: Float32Array, size: number): void {
  const count = 2 + random.integer(12);
  for (let scratch = 0; scratch < count; scratch++) {
    const points = freeCurve(random, size, 0.2, 0.5);
    const from = random.integer(points.length);
    const some = points.slice(from, from + 3 + random.integer(50));
    addTubes(
      attenuation,
      size,
      tubeAlong(some, (size / 512) * between(random, 0.3, 0.9)),
      sign(random) * logBetween(random, 0.03, 0.2),
    );
  }
}
