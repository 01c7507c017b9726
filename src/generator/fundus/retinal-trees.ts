import type { Random } from '../../protocol/random.ts';
import { between, chance } from '../draw/draws.ts';
import type { Place, RetinaView } from './retina-view.ts';
import { Territory } from './territory.ts';
import type { Trunk } from './trunks.ts';

/** A run of a vessel between its origin and its end, in disc diameters. */
export interface Vessel {
  readonly kind: 'artery' | 'vein';
  readonly places: Place[];
  /** Radius at each of the places. */
  readonly radii: number[];
}

export interface GrowthOptions {
  /** Vessels end below this radius, in disc diameters. */
  readonly leastRadius: number;
  /** Side branches per unit of length, relative to an ordinary eye. */
  readonly density: number;
  /** How much vessels wind, relative to an ordinary eye. */
  readonly tortuosity: number;
  /** Radius round the fovea that no vessel enters, in disc diameters. */
  readonly avascular: number;
}

interface Bud {
  readonly kind: Vessel['kind'];
  readonly start: Place;
  readonly direction: number;
  readonly radius: number;
  readonly goals: readonly Place[];
  readonly parent: number;
}

const STEP = 0.035;
/** Murray's law: r^3 = a^3 + b^3 at a fork; retinal vessels are measured a little below the cube. */
const EXPONENT = 2.7;

/**
 * Grows arteries and veins from their trunks. The widest bud grows first, so that great vessels take their ground
 * before small ones fill what is left; a vessel turns away from its own kind and dies where it cannot, but crosses
 * the other kind.
 */
export function growTrees(
  random: Random,
  view: RetinaView,
  trunks: readonly Trunk[],
  options: GrowthOptions,
): Vessel[] {
  const middle = { x: view.centre.x / 2, y: view.centre.y / 2 };
  const span = view.reach + Math.hypot(middle.x, middle.y) + 0.6;
  const ground = { artery: new Territory(middle, span), vein: new Territory(middle, span) };
  const buds: Bud[] = trunks.map(({ kind, start, radius, goals }) => ({
    kind,
    start,
    radius,
    goals,
    direction: towards(start, goals[0] ?? start),
    parent: 0,
  }));
  const vessels: Vessel[] = [];
  for (let bud = takeWidest(buds); bud; bud = takeWidest(buds)) {
    const vessel = growVessel(random, view, bud, { ground, number: vessels.length + 1, options, buds });
    vessels.push(vessel);
  }
  return vessels;
}

interface Growth {
  readonly ground: Readonly<Record<Vessel['kind'], Territory>>;
  readonly number: number;
  readonly options: GrowthOptions;
  /** Receives the vessel's side branches. */
  readonly buds: Bud[];
}

function growVessel(random: Random, view: RetinaView, bud: Bud, growth: Growth): Vessel {
  const { options, number, buds } = growth;
  const own = growth.ground[bud.kind];
  const other = growth.ground[bud.kind === 'artery' ? 'vein' : 'artery'];
  const places: Place[] = [bud.start];
  const radii: number[] = [bud.radius];
  let { x, y } = bud.start;
  let { radius } = bud;
  let goal = 0;
  let course = bud.direction;
  let swing = 0;
  let swingRate = 0;
  let length = 0;
  let alongOther = 0;
  let side = chance(random, 0.5) ? 1 : -1;
  const spacing = (): number =>
    (0.1 + waiting(random, 0.3 + (1.1 * Math.min(0.05, radius)) / 0.05)) / options.density;
  let nextBranch = length + 0.3 * (bud.parent === 0 ? 2 : 0.7) + spacing();
  // Small vessels wind on a shorter scale than great ones.
  const wander = options.tortuosity * (0.5 + 0.8 * Math.min(1, options.leastRadius / radius));
  const reach = bud.parent === 0 ? 14 : (0.6 + 100 * bud.radius) * between(random, 0.5, 1.2);
  while (radius >= options.leastRadius && length < reach) {
    const target = bud.goals[goal];
    // A damped spring driven by chance: the vessel swings about its course, and so makes no loops.
    swingRate = 0.78 * swingRate - 0.05 * swing + wander * 0.035 * random.normal();
    swing += swingRate;
    let turn = 0.02 * random.normal();
    if (target) {
      const bearing = angleBetween(course, towards({ x, y }, target));
      const distance = Math.hypot(target.x - x, target.y - y);
      turn += Math.max(-0.09, Math.min(0.09, 0.12 * bearing));
      if (distance < 0.4 || Math.abs(bearing) > 1.6) goal++;
    } else if (bud.parent !== 0) break;
    const settled = length > 0.3 + 2 * radius;
    if (settled) {
      const heading = course + swing;
      turn += 0.07 * leaning(own, { x, y }, heading, radius + 0.2, number);
      // Side by side with the other kind, but not on it; across it at an angle is well.
      alongOther = other.at(x, y) === 0 ? 0 : alongOther + 1;
      if (alongOther > 2) turn += 0.1 * (leaning(other, { x, y }, heading, radius + 0.12, 0) || side);
      const blocked = (angle: number): boolean => {
        const ahead = 0.09 + radius;
        const met = own.at(x + ahead * Math.cos(angle), y + ahead * Math.sin(angle));
        return met !== 0 && met !== number;
      };
      if (blocked(heading + turn)) {
        const escape = [0.35, -0.35, 0.8, -0.8].find((angle) => !blocked(heading + angle));
        // Branches of one kind do cross now and then.
        if (escape !== undefined) turn = escape;
        else if (!chance(random, 0.03)) break;
      }
    }
    course += turn;
    x += STEP * Math.cos(course + swing);
    y += STEP * Math.sin(course + swing);
    length += STEP;
    radius *= 1 - STEP * (0.02 + 0.2 * (options.leastRadius / radius) ** 2);
    places.push({ x, y });
    radii.push(radius);
    own.take(x, y, radius + 0.025, number);
    if (!isNear(view, x, y)) break;
    if (Math.hypot(x - view.fovea.x, y - view.fovea.y) < options.avascular) break;
    if (length > nextBranch && isSeen(view, x, y)) {
      // To the emptier side, or to the other one than last time.
      side =
        leaning(own, { x, y }, course + swing, radius + 0.6, number) || (chance(random, 0.75) ? -side : side);
      const share = drawShare(random, radius, options.leastRadius);
      const branchRadius = radius * share;
      const leave = course + swing + side * (between(random, 0.65, 1.25) - 0.35 * share);
      const room = 0.3 + 3 * branchRadius;
      const met = own.at(x + room * Math.cos(leave), y + room * Math.sin(leave));
      if (branchRadius >= options.leastRadius && met === 0) {
        const remaining = radius * (1 - share ** EXPONENT) ** (1 / EXPONENT);
        course -= side * 0.35 * share * share;
        radius = remaining;
        buds.push({
          kind: bud.kind,
          start: { x, y },
          direction: leave,
          radius: branchRadius,
          goals: branchGoals(random, view, { x, y }, leave),
          parent: number,
        });
      }
      nextBranch = length + spacing();
    }
  }
  return { kind: bud.kind, places, radii };
}

/** An exponential draw: how long until an event that comes once per `mean` on average. */
function waiting(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.uniform());
}

/** Radius of a side branch over the radius before the fork: mostly small twigs, now and then an even fork. */
function drawShare(random: Random, radius: number, leastRadius: number): number {
  if (radius < 2.2 * leastRadius) return between(random, 0.6, 0.9);
  return chance(random, 0.3) ? between(random, 0.6, 0.85) : between(random, 0.25, 0.6);
}

/** Branches that set out towards the fovea end there; the others run out to the periphery. */
function branchGoals(random: Random, view: RetinaView, { x, y }: Place, leave: number): Place[] {
  const { fovea } = view;
  const toFovea = towards({ x, y }, fovea);
  const distance = Math.hypot(fovea.x - x, fovea.y - y);
  if (distance < 3 && Math.abs(angleBetween(leave, toFovea)) < 1.3) {
    const ring = between(random, 0.1, 0.9);
    const at = toFovea + Math.PI + 0.7 * random.normal();
    return [{ x: fovea.x + ring * Math.cos(at), y: fovea.y + ring * Math.sin(at) }];
  }
  const outward = Math.atan2(y, x);
  const heading = leave + 0.55 * angleBetween(leave, outward) + 0.3 * random.normal();
  return [{ x: x + 5 * Math.cos(heading), y: y + 5 * Math.sin(heading) }];
}

/** Which way to turn from what lies beside the way ahead: 1 to the right of it, -1 to the left, 0 for neither. */
function leaning(ground: Territory, { x, y }: Place, heading: number, reach: number, number: number): number {
  const taken = (angle: number): boolean => {
    const met = ground.at(x + reach * Math.cos(heading + angle), y + reach * Math.sin(heading + angle));
    return met !== 0 && met !== number;
  };
  const [left, right] = [taken(-0.9), taken(0.9)];
  return left === right ? 0 : left ? 1 : -1;
}

function takeWidest(buds: Bud[]): Bud | undefined {
  let widest = 0;
  for (let i = 1; i < buds.length; i++) {
    if ((buds[i]?.radius ?? 0) > (buds[widest]?.radius ?? 0)) widest = i;
  }
  return buds.splice(widest, 1)[0];
}

/** Within the ground between the disc and the view: further out nothing that grows can be seen. */
function isNear(view: RetinaView, x: number, y: number): boolean {
  const { centre, reach } = view;
  const along = Math.min(
    1,
    Math.max(0, (x * centre.x + y * centre.y) / (centre.x ** 2 + centre.y ** 2 + 1e-9)),
  );
  return Math.hypot(x - along * centre.x, y - along * centre.y) < reach + 0.4;
}

function isSeen({ centre, reach }: RetinaView, x: number, y: number): boolean {
  return Math.hypot(x - centre.x, y - centre.y) < reach + 0.4;
}

function towards(from: Place, to: Place): number {
  return Math.atan2(to.y - from.y, to.x - from.x);
}

/** From one direction to another, in -pi..pi. */
function angleBetween(from: number, to: number): number {
  const turn = (to - from) % (2 * Math.PI);
  return turn > Math.PI ? turn - 2 * Math.PI : turn < -Math.PI ? turn + 2 * Math.PI : turn;
}
