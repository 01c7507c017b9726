import type { Random } from '../../protocol/random.ts';
import { between, sign } from '../draw/draws.ts';

/** A point of a vessel's axis, in pixels of the image plane. */
export interface VesselPoint {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** How much longer the beam's way is than across the vessel, since the vessel leans towards the beam; at least 1. */
  readonly lengthening: number;
  /** Way along the vessels from the root, in pixels. */
  readonly fromRoot: number;
}

export interface Branch {
  readonly points: readonly VesselPoint[];
  /** Radius of the vessel that it leaves. */
  readonly parentRadius: number;
}

/** How a tree grows. Lengths in pixels. */
export interface TreeShape {
  /** Centre and radius of the ball on whose surface the vessels run, seen in parallel projection. */
  readonly ball: { readonly x: number; readonly y: number; readonly radius: number };
  readonly trunkRadius: number;
  /** Branches end below this radius. */
  readonly leastRadius: number;
  /** Mean way between forks of the trunk; that of its branches shrinks with the root of their radius. */
  readonly forkDistance: number;
  /** Range of the larger daughter's share of the flow: 0.5 is an even fork, 0.95 a thin side branch. */
  readonly mainShare: readonly [number, number];
  /** Deviation of the curvature, in radians over the way between two forks. */
  readonly tortuosity: number;
  /** Radians over the way between two forks by which a branch at a right angle to its first way turns back to it. */
  readonly homing: number;
  /** Relative loss of radius per pixel. */
  readonly taper: number;
  /** How far vessels leave the ball's surface, 0 to 1. */
  readonly relief: number;
  readonly mostBranches: number;
  /** Branches end after this way from the root. */
  readonly reach: number;
}

export interface Root {
  readonly x: number;
  readonly y: number;
  /** Direction in the image plane, radians, x to the right and y down. */
  readonly heading: number;
  /** Which side of the ball: 1 towards the viewer, -1 away. */
  readonly side: 1 | -1;
}

type Vector = readonly [number, number, number];

interface Tip {
  readonly position: Vector;
  readonly heading: Vector;
  readonly radius: number;
  readonly parentRadius: number;
  readonly fromRoot: number;
}

const MARGIN = 0.08;
/** A vessel that runs along the beam would be drawn infinitely dense. */
const GREATEST_LENGTHENING = 3.5;

/** Deviation of the curvature of the sharpest bends, in radians over the vessel's radius. */
const SHARPEST = 0.25;

/**
 * A branching vessel on the surface of a ball (a heart, a brain), projected. At a fork the radii of the daughters
 * follow Murray's law r^k = a^k + b^k, with k near 3, and the smaller daughter leaves at the wider angle (Murray,
 * The physiological principle of minimum work, 1926).
 */
export function growTree(random: Random, shape: TreeShape, root: Root, size: number): Branch[] {
  const branches: Branch[] = [];
  const exponent = between(random, 2.4, 3.2);
  const waiting: Tip[] = [rootTip(shape, root)];
  while (waiting.length > 0 && branches.length < shape.mostBranches) {
    // The widest first: when the tree may not grow any further, its twigs are missing and not its limbs.
    let widest = 0;
    for (let i = 1; i < waiting.length; i++) {
      if ((waiting[i]?.radius ?? 0) > (waiting[widest]?.radius ?? 0)) widest = i;
    }
    const [tip] = waiting.splice(widest, 1);
    if (tip) {
      const grown = growBranch(random, shape, tip, size);
      if (grown.points.length > 1) branches.push({ points: grown.points, parentRadius: tip.parentRadius });
      for (const end of grown.ends) waiting.push(...fork(random, shape, exponent, end));
    }
  }
  return branches;
}

function rootTip({ ball, trunkRadius }: TreeShape, root: Root): Tip {
  const [x, y] = [root.x - ball.x, root.y - ball.y];
  const z = root.side * Math.sqrt(Math.max(ball.radius ** 2 * 0.02, ball.radius ** 2 - x * x - y * y));
  const heading: Vector = [Math.cos(root.heading), Math.sin(root.heading), 0];
  return { position: [x, y, z], heading, radius: trunkRadius, parentRadius: 0, fromRoot: 0 };
}

/** From one fork to the next. */
function growBranch(
  random: Random,
  shape: TreeShape,
  tip: Tip,
  size: number,
): { points: VesselPoint[]; ends: Tip[] } {
  const { ball } = shape;
  const points: VesselPoint[] = [];
  const typical = shape.forkDistance * Math.sqrt(tip.radius / shape.trunkRadius);
  const length = typical * between(random, 0.4, 1.6);
  const step = Math.max(size / 320, Math.min(tip.radius * 0.7, typical / 10));
  // Curvature with a memory gives smooth bows; without one, a tremor.
  const memory = Math.exp((-step / typical) * 3);
  const spread = Math.min(shape.tortuosity / typical, SHARPEST / tip.radius);
  const fresh = Math.sqrt(1 - memory * memory) * spread;
  let [turn, lift] = [spread * random.normal(), 0];
  let { position, heading, radius } = tip;
  let way = 0;
  for (;;) {
    const [x, y] = [ball.x + position[0], ball.y + position[1]];
    const inPlane = Math.hypot(heading[0], heading[1]);
    const lengthening = Math.min(GREATEST_LENGTHENING, 1 / Math.max(inPlane, 1e-3));
    points.push({ x, y, radius, lengthening, fromRoot: tip.fromRoot + way });
    const outside = Math.max(-x, -y, x - size, y - size) > MARGIN * size;
    if (radius < shape.leastRadius || tip.fromRoot + way > shape.reach || outside)
      return { points, ends: [] };
    if (way >= length) break;
    turn = turn * memory + fresh * random.normal();
    lift = lift * memory + fresh * shape.relief * random.normal();
    // However it winds, a branch keeps to the way on which it set out.
    const astray = dot(cross(unit(position), heading), tip.heading);
    const homing = (shape.homing * astray) / typical;
    heading = steer(position, heading, ball.radius, (turn + homing) * step, lift * step, shape.relief);
    position = [
      position[0] + step * heading[0],
      position[1] + step * heading[1],
      position[2] + step * heading[2],
    ];
    radius *= 1 - shape.taper * step;
    way += step;
  }
  return {
    points,
    ends: [{ position, heading, radius, parentRadius: radius, fromRoot: tip.fromRoot + way }],
  };
}

/** The heading turned within the surface and lifted off it, then drawn back to the surface. */
function steer(
  position: Vector,
  heading: Vector,
  radius: number,
  turn: number,
  lift: number,
  relief: number,
): Vector {
  const distance = Math.hypot(...position);
  const up: Vector = [position[0] / distance, position[1] / distance, position[2] / distance];
  const sideways = cross(up, heading);
  const climb = dot(up, heading);
  const height = (distance - radius) / (radius * (0.02 + 0.15 * relief));
  const back = lift - (climb * (0.3 - 0.25 * relief) + 0.05 * Math.max(-1, Math.min(1, height)));
  return unit([
    heading[0] + turn * sideways[0] + back * up[0],
    heading[1] + turn * sideways[1] + back * up[1],
    heading[2] + turn * sideways[2] + back * up[2],
  ]);
}

function fork(random: Random, shape: TreeShape, exponent: number, end: Tip): [main: Tip, side: Tip] {
  const share = between(random, ...shape.mainShare);
  const hand = sign(random);
  const up = unit(end.position);
  const turned = (angle: number): Vector => {
    const sideways = cross(up, end.heading);
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    return unit([
      cosine * end.heading[0] + sine * sideways[0],
      cosine * end.heading[1] + sine * sideways[1],
      cosine * end.heading[2] + sine * sideways[2],
    ]);
  };
  const main = {
    ...end,
    radius: end.radius * share ** (1 / exponent),
    heading: turned(-hand * 0.7 * (1 - share)),
  };
  const wide = between(random, 0.25, 0.55) + share * between(random, 0.1, 0.8);
  const side = { ...end, radius: end.radius * (1 - share) ** (1 / exponent), heading: turned(hand * wide) };
  return [main, side];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(a: Vector): Vector {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
}
