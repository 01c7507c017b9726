import type { Random } from '../../protocol/random.ts';
import { between, chance, sign } from '../draw/draws.ts';
import { Ground } from './ground.ts';

/** A run of a vessel in units of the image's side. */
export interface FlowVessel {
  readonly xs: number[];
  readonly ys: number[];
  readonly radii: number[];
  /** Blood flow, 0..1: how brightly it shows for its calibre. */
  readonly flow: number;
}

export interface FoveaShape {
  readonly x: number;
  readonly y: number;
  /** Distance from the centre to the avascular zone's border in a direction; 0 where there is no such zone. */
  readonly border: (angle: number) => number;
}

export interface MeshOptions {
  readonly fovea: FoveaShape;
  /** Radius of the finest capillaries over the image's side. */
  readonly leastRadius: number;
  /** Radius of the widest trunk. */
  readonly trunkRadius: number;
  readonly trunks: number;
  /** Twigs that are tried on the grown mesh; those at taken places fail. */
  readonly twigs: number;
}

interface Bud {
  readonly x: number;
  readonly y: number;
  readonly direction: number;
  readonly radius: number;
  /** Radius of its parent: how far it starts within it. */
  readonly within: number;
  readonly goal: { readonly x: number; readonly y: number } | null;
}

const STEP = 0.005;

/**
 * Arterioles and venules that come in over the border and branch towards the fovea, and a mesh of capillaries that
 * fills what lies between: twigs sprout anywhere and grow until they meet another vessel, which closes a loop.
 */
export function growMesh(random: Random, options: MeshOptions): FlowVessel[] {
  const ground = new Ground();
  const vessels: FlowVessel[] = [];
  const buds = drawTrunks(random, options);
  for (let bud = takeWidest(buds); bud; bud = takeWidest(buds)) {
    vessels.push(growVessel(random, bud, { ground, number: vessels.length + 1, options, buds }));
  }
  for (let twig = 0; twig < options.twigs; twig++) {
    const bud = drawTwig(random, ground, options);
    if (!bud) continue;
    const vessel = growVessel(random, bud, { ground, number: vessels.length + 1, options, buds: null });
    if (vessel.xs.length > 2) vessels.push(vessel);
  }
  return vessels;
}

/** A twig through a random free place, from the vessel that lies next behind it. */
function drawTwig(random: Random, ground: Ground, { fovea, leastRadius }: MeshOptions): Bud | null {
  let [x, y] = [random.uniform(), random.uniform()];
  if (ground.at(x, y) !== 0 || isAvascular(fovea, x, y)) return null;
  const direction = 2 * Math.PI * random.uniform();
  for (let way = 0; way < 12 && ground.at(x, y) === 0; way++) {
    x -= STEP * Math.cos(direction);
    y -= STEP * Math.sin(direction);
  }
  if (isAvascular(fovea, x, y)) return null;
  return { x, y, direction, radius: leastRadius * between(random, 1, 2.1), within: 0, goal: null };
}

interface Growth {
  readonly ground: Ground;
  readonly number: number;
  readonly options: MeshOptions;
  /** Receives side branches; null for twigs, which have none. */
  readonly buds: Bud[] | null;
}

function growVessel(random: Random, bud: Bud, { ground, number, options, buds }: Growth): FlowVessel {
  const { fovea, leastRadius } = options;
  let { x, y, radius, direction, goal } = bud;
  const [xs, ys, radii] = [[x], [y], [radius]];
  const reach = buds ? 2 : between(random, 0.02, 0.14);
  const start = bud.within + 0.008;
  const slender = leastRadius / radius;
  let side = sign(random);
  let wait = 0.02 * random.uniform();
  for (let length = 0; length < reach && radius >= leastRadius; length += STEP) {
    direction += (0.09 + 0.16 * slender) * random.normal();
    if (goal) {
      const bearing = turnTo(direction, Math.atan2(goal.y - y, goal.x - x));
      direction += Math.max(-0.1, Math.min(0.1, 0.12 * bearing));
      goal = Math.hypot(goal.x - x, goal.y - y) < 0.03 ? null : goal;
    }
    x += STEP * Math.cos(direction);
    y += STEP * Math.sin(direction);
    if (x < -0.03 || y < -0.03 || x > 1.03 || y > 1.03) break;
    const met = ground.at(x, y);
    const settled = length > start;
    const stops = settled && met !== 0 && met !== number;
    xs.push(x);
    ys.push(y);
    radii.push(radius);
    // Great vessels lie in another layer than the capillaries and pass over one another now and then.
    if (stops && (radius < 3 * leastRadius || !chance(random, 0.5))) break;
    if (settled && isAvascular(fovea, x, y)) break;
    ground.take(x, y, radius, number);
    radius *= 1 - STEP * (0.9 + 3 * slender * slender);
    wait -= STEP;
    if (!buds || wait > 0) continue;
    wait = between(random, 0.008, 0.05) * (0.6 + 0.4 / slender ** 0.5);
    const share = chance(random, 0.3) ? between(random, 0.6, 0.85) : between(random, 0.2, 0.55);
    const branch = Math.max(leastRadius * between(random, 1, 1.5), radius * share);
    if (branch >= radius) continue;
    side = chance(random, 0.7) ? (side === 1 ? -1 : 1) : side;
    const angle = direction + side * (between(random, 0.7, 1.3) - 0.4 * share);
    direction -= side * 0.35 * share * share;
    radius *= (1 - 0.6 * (branch / radius) ** 3) ** (1 / 3);
    buds.push({ x, y, direction: angle, radius: branch, within: radius, goal: null });
  }
  return { xs, ys, radii, flow: between(random, 0.55, 1) };
}

/** Vessels that come in over the border and make for the fovea. */
function drawTrunks(random: Random, { fovea, trunkRadius, trunks }: MeshOptions): Bud[] {
  const buds: Bud[] = [];
  const turn = 2 * Math.PI * random.uniform();
  for (let i = 0; i < trunks; i++) {
    const angle = turn + (2 * Math.PI * (i + between(random, -0.3, 0.3))) / trunks;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const out = 0.52 / Math.max(Math.abs(cos), Math.abs(sin));
    const [x, y] = [0.5 + out * cos, 0.5 + out * sin];
    const at = angle + between(random, -0.9, 0.9);
    const ring = fovea.border(at) + between(random, 0.01, 0.2);
    const goal = { x: fovea.x + ring * Math.cos(at), y: fovea.y + ring * Math.sin(at) };
    const direction = Math.atan2(goal.y - y, goal.x - x) + 0.5 * random.normal();
    buds.push({ x, y, direction, radius: trunkRadius * between(random, 0.35, 1), within: 0, goal });
  }
  return buds;
}

function isAvascular({ x, y, border }: FoveaShape, atX: number, atY: number): boolean {
  const [dx, dy] = [atX - x, atY - y];
  const far = dx * dx + dy * dy;
  return far < 0.06 && far < border(Math.atan2(dy, dx)) ** 2;
}

function takeWidest(buds: Bud[]): Bud | undefined {
  let widest = 0;
  for (let i = 1; i < buds.length; i++) if ((buds[i]?.radius ?? 0) > (buds[widest]?.radius ?? 0)) widest = i;
  const last = buds.pop();
  const bud = buds[widest];
  if (!last || !bud) return last;
  buds[widest] = last;
  return bud;
}

/** From one direction to another, in -pi..pi. */
function turnTo(from: number, to: number): number {
  const turn = (to - from) % (2 * Math.PI);
  return turn > Math.PI ? turn - 2 * Math.PI : turn < -Math.PI ? turn + 2 * Math.PI : turn;
}
