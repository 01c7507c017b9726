import type { Mask } from '../../imaging/frame.ts';
import { meanColumn } from '../../imaging/mask.ts';
import { createRandom } from '../../protocol/random.ts';
import type { Random } from '../../protocol/random.ts';
import { traceCurve, tubeAlong } from '../draw/curve.ts';
import { between, sign } from '../draw/draws.ts';
import { gaussianBlur, smoothNoise } from '../draw/fields.ts';
import { strokeThickness } from '../draw/strokes.ts';
import { drawRibs, drawSpine, edge } from './bones.ts';
import type { DrawBone } from './bones.ts';
import type { CineLook } from './cine-look.ts';
import { sampleMapped, shiftRows } from './layers.ts';
import type { Layer } from './layers.ts';
import { heartMap } from './motion.ts';
import type { Pose } from './motion.ts';
import { growTree } from './tree.ts';
import type { TreeShape } from './tree.ts';

/** What lies about the vessels, in layers that move on their own. */
export interface Chest {
  /** Attenuation at each pixel in a pose. */
  attenuation(pose: Pose): Float32Array;
}

/** Layers are drawn with a rim of this share of the picture, so that something moves in where they move. */
export const RIM = 0.08;

/**
 * Heart, lungs with their vessels, diaphragm, ribs, spine and a cable on the skin. The spine lies to the left in a view
 * from the right, and to the right in one from the left.
 */
export function drawChest(random: Random, look: CineLook, heart: TreeShape['ball'], size: number): Chest {
  const rim = Math.round(RIM * size);
  const side = size + 2 * rim;
  const layer = (data: Float32Array): Layer => ({ side, rim, data });
  const ball = { x: heart.x + rim, y: heart.y + rim, radius: heart.radius };

  const still = clouds(random, side, 0.07, 0.4);
  const spineAt = look.view === 'left coronary' ? [0.08, 0.2] : [0.82, 0.94];
  boneWhere(random, drawSpine, still, side, 1.1, (mask) =>
    within((meanColumn(mask) ?? -1) / mask.width, spineAt),
  );
  addCable(random, still, side, 0.14 * look.clutter);
  addFilter(random, still, side);

  const thorax = new Float32Array(side * side);
  boneWhere(random, drawRibs, thorax, side, 0.4 + 0.4 * look.clutter, (mask) =>
    within(mask.data.reduce((sum, value) => sum + value, 0) / mask.data.length, [0.2, 0.38]),
  );

  const lungs = drawLungs(random, look, ball, side);
  const diaphragm = drawDiaphragm(random, side);
  const shadow = drawHeart(random, ball, look.view === 'left coronary' ? -1 : 1, side);
  return {
    attenuation(pose) {
      const sum = new Float32Array(size * size);
      shiftRows(layer(still), 0, sum, size);
      shiftRows(layer(thorax), -0.25 * pose.breath, sum, size);
      shiftRows(layer(lungs), 0.7 * pose.breath, sum, size);
      shiftRows(layer(diaphragm), pose.breath, sum, size);
      sampleMapped(layer(shadow), heartMap(heart, pose, size), sum, size);
      return sum;
    },
  };
}

function clouds(random: Random, side: number, strength: number, scale: number): Float32Array {
  return smoothNoise(random, side, side, side * scale).map((value) => strength * value);
}

const TRIES = 60;

/** A bone of the wanted kind that lies as wanted, or after many tries the last. */
function boneWhere(
  random: Random,
  draw: DrawBone,
  into: Float32Array,
  side: number,
  strength: number,
  fits: (mask: Mask) => boolean,
): void {
  const first = random.integer(1e6);
  let bone = new Float32Array();
  for (let attempt = 0; attempt < TRIES; attempt++) {
    // Tried out at a quarter of the size: bones grow with the picture.
    const small = side >> 2;
    const fitting = fits(draw(createRandom(first + attempt), new Float32Array(small * small), small));
    if (!fitting && attempt < TRIES - 1) continue;
    bone = new Float32Array(side * side);
    draw(createRandom(first + attempt), bone, side);
    break;
  }
  for (let i = 0; i < into.length; i++) into[i] = (into[i] ?? 0) + strength * (bone[i] ?? 0);
}

function within(value: number, [least = 0, most = 1]: readonly number[]): boolean {
  return value >= least && value <= most;
}

/** Air, the darker the less of it lies before the heart, with the lungs' own vessels spreading from their root. */
function drawLungs(random: Random, look: CineLook, heart: TreeShape['ball'], side: number): Float32Array {
  const lungs = clouds(random, side, 0.035, 0.1);
  const hilum = { x: heart.x - 0.2 * heart.radius, y: heart.y - 0.35 * heart.radius };
  const shape: TreeShape = {
    ball: { x: side / 2, y: side / 2, radius: 2.5 * side },
    trunkRadius: side * 0.009,
    leastRadius: side * 0.0012,
    forkDistance: side * 0.07,
    mainShare: [0.55, 0.85],
    tortuosity: 0.6,
    homing: 2,
    taper: 2 / side,
    relief: 0.1,
    mostBranches: 60,
    reach: side * 0.75,
  };
  const pieces = [0, 1, 2, 3, 4, 5].flatMap((trunk) => {
    const heading = 2 * Math.PI * ((trunk + 0.7 * random.uniform()) / 6);
    const away = side * between(random, 0.03, 0.09);
    // They come out of the shadow of the great vessels here and there, not out of one point.
    const root = {
      x: hilum.x + away * Math.cos(heading) + 0.05 * side * random.normal(),
      y: hilum.y + away * Math.sin(heading) + 0.05 * side * random.normal(),
    };
    return growTree(random, shape, { ...root, heading, side: sign(random) }, side).flatMap(({ points }) =>
      points.slice(1).map(({ x, y, radius }, k) => {
        const from = points[k] ?? { x, y };
        return { x0: from.x, y0: from.y, x1: x, y1: y, radius };
      }),
    );
  });
  const thickness = gaussianBlur(strokeThickness(pieces, side, side), side, side, side * 0.004);
  const density = (0.11 * look.clutter) / (2 * shape.trunkRadius);
  for (let i = 0; i < lungs.length; i++) lungs[i] = (lungs[i] ?? 0) + density * (thickness[i] ?? 0);
  return lungs;
}

/** A dome, dense below: the liver, or the stomach with some air. */
function drawDiaphragm(random: Random, side: number): Float32Array {
  const radius = side * between(random, 0.55, 0.85);
  const [x0, y0] = [side * between(random, 0.3, 0.7), side * between(random, 0.8, 0.85) + radius];
  const [density, softness] = [between(random, 0.5, 0.7), side * between(random, 0.004, 0.008)];
  const organ = clouds(random, side, 0.05, 0.12);
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i++) {
      const depth = radius - Math.hypot(x - x0, y - y0);
      // The dome is thicker in the beam's way the deeper below its edge.
      const below = 0.35 * edge(depth, softness) + 0.65 * (1 - Math.exp(-Math.max(0, depth) / (0.1 * side)));
      organ[i] = (density + (organ[i] ?? 0)) * below;
    }
  }
  return organ;
}

/**
 * The heart's shadow: thick in the middle, with a border towards the lung on the side away from the spine; on the other
 * side and above it goes over into the great vessels and what else lies between the lungs.
 */
function drawHeart(random: Random, ball: TreeShape['ball'], spineSide: -1 | 1, side: number): Float32Array {
  const [radiusX, radiusY] = [
    ball.radius * between(random, 1.2, 1.32),
    ball.radius * between(random, 1.1, 1.2),
  ];
  const turn = -spineSide * between(random, 0.5, 0.8);
  const centre = { x: ball.x + spineSide * 0.16 * ball.radius, y: ball.y + 0.08 * ball.radius };
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  const density = between(random, 0.42, 0.5);
  const shadow = clouds(random, side, 0.02, 0.2);
  const bulge = smoothNoise(random, side, side, side * 0.35);
  const aorta = ball.x + spineSide * between(random, 0.45, 0.55) * ball.radius;
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i++) {
      const u = (cosine * (x - centre.x) + sine * (y - centre.y)) / radiusX;
      const v = (cosine * (y - centre.y) - sine * (x - centre.x)) / radiusY;
      const out = u * u + v * v + 0.06 * (bulge[i] ?? 0);
      const thick = Math.max(0, 1 - out) ** 0.65;
      const across = ((x - aorta) * spineSide) / (0.5 * ball.radius);
      const middle = edge(across + 1, 0.12) * edge(1.9 - across, 0.25);
      shadow[i] = (shadow[i] ?? 0) + density * Math.hypot(thick, 0.75 * middle);
    }
  }
  return gaussianBlur(shadow, side, side, side * 0.008);
}

/** A lead of the electrocardiogram, on the skin. */
function addCable(random: Random, into: Float32Array, side: number, density: number): void {
  const bend = (sign(random) * between(random, 0.5, 1.2)) / side;
  const points = traceCurve(random, side, {
    x: side * between(random, 0.7, 1),
    y: -0.05 * side,
    heading: between(random, 1.6, 2),
    length: 2 * side,
    bend: () => bend,
    wander: (0.5 * 512) / side,
  });
  const radius = side * 0.0028;
  const thickness = strokeThickness(tubeAlong(points, radius), side, side);
  for (let i = 0; i < into.length; i++)
    into[i] = (into[i] ?? 0) + (density * (thickness[i] ?? 0)) / (2 * radius);
}

/** The machine's own wedge, put before the lung so that it does not glare. */
function addFilter(random: Random, into: Float32Array, side: number): void {
  const turn = between(random, -0.7, -0.5);
  const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
  const [limit, density] = [side * between(random, 0.47, 0.53), between(random, 0.25, 0.4)];
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i++) {
      const depth = cosine * (x - side / 2) + sine * (y - side / 2) - limit;
      into[i] = (into[i] ?? 0) + density * edge(depth, 0.012 * side);
    }
  }
}
