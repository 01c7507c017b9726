import type { Random } from '../../protocol/random.ts';
import { between } from '../draw/draws.ts';
import type { CoronaryView } from './cine-look.ts';
import type { Vessels } from './regions.ts';
import { roughen } from './regions.ts';
import { growTree } from './tree.ts';
import type { Branch, Root, TreeShape, VesselPoint } from './tree.ts';

/** A heart with one of its arteries. */
export interface Coronary extends Vessels {
  /** The ball on whose surface they run. */
  readonly heart: TreeShape['ball'];
  /** Greatest way of the contrast, in pixels. */
  readonly longest: number;
}

/**
 * The left artery as from the right and below (RAO caudal: main stem, then the anterior descending branch along the
 * upper border and the circumflex downwards), or the right one as from the left (LAO: a C about the heart).
 */
export function growCoronary(random: Random, view: CoronaryView, size: number): Coronary {
  const heart = {
    x: size * between(random, 0.5, 0.56),
    y: size * between(random, 0.52, 0.57),
    radius: size * between(random, 0.4, 0.44),
  };
  const { branches, root, trunkRadius } =
    view === 'left coronary' ? growLeft(random, heart, size) : growRight(random, heart, size);
  const longest = Math.max(1, ...branches.map(({ points }) => points.at(-1)?.fromRoot ?? 0));
  return { heart, branches: branches.map((branch) => roughen(random, branch)), root, trunkRadius, longest };
}

function usualShape(random: Random, heart: TreeShape['ball'], size: number): TreeShape {
  return {
    ball: heart,
    trunkRadius: 0,
    leastRadius: (size / 512) * 0.75,
    forkDistance: size * between(random, 0.09, 0.12),
    mainShare: [0.72, 0.93],
    tortuosity: between(random, 0.7, 1.1),
    homing: 2.2,
    taper: (512 / size) * between(random, 0.0009, 0.0013),
    relief: 0.15,
    mostBranches: 46,
    reach: size * between(random, 1.15, 1.3),
  };
}

function growLeft(random: Random, heart: TreeShape['ball'], size: number): Vessels {
  const shape = usualShape(random, heart, size);
  const root: Root = {
    x: heart.x - heart.radius * between(random, 0.42, 0.55),
    y: heart.y - heart.radius * between(random, 0.6, 0.7),
    heading: between(random, 0.05, 0.3),
    side: 1,
  };
  const trunkRadius = (size / 512) * between(random, 5.6, 6.6);
  const stem = straight(root, size * between(random, 0.05, 0.07), trunkRadius);
  const fork = stem.at(-1) ?? { x: root.x, y: root.y, fromRoot: 0 };
  const daughter = (radius: number, heading: number, side: 1 | -1, reach: number): Branch[] =>
    growTree(
      random,
      { ...shape, trunkRadius: trunkRadius * radius, reach: shape.reach * reach },
      { x: fork.x, y: fork.y, heading: root.heading + heading, side },
      size,
    ).map((branch, index) => follow(branch, fork.fromRoot, index === 0 ? trunkRadius : 0));
  return {
    root,
    trunkRadius,
    branches: [
      { points: stem, parentRadius: 0 },
      ...daughter(0.82, between(random, -0.3, 0), 1, 1),
      ...daughter(0.74, between(random, 0.95, 1.25), -1, 0.85),
    ],
  };
}

function growRight(random: Random, heart: TreeShape['ball'], size: number): Vessels {
  const shape = usualShape(random, heart, size);
  const around = between(random, -1.75, -1.6);
  const out = heart.radius * between(random, 0.78, 0.84);
  const root: Root = {
    x: heart.x + out * Math.cos(around),
    y: heart.y + out * Math.sin(around),
    heading: Math.PI + between(random, -0.45, -0.25),
    side: 1,
  };
  const trunkRadius = (size / 512) * between(random, 5.6, 6.4);
  return {
    root,
    trunkRadius,
    branches: growTree(
      random,
      {
        ...shape,
        trunkRadius,
        mainShare: [0.76, 0.92],
        taper: 0.5 * shape.taper,
        tortuosity: 0.6,
        homing: 0.6,
        mostBranches: 40,
        reach: size * 1.5,
      },
      root,
      size,
    ),
  };
}

function straight(root: Root, length: number, radius: number): VesselPoint[] {
  const count = 12;
  return Array.from({ length: count + 1 }, (_, k) => {
    const way = (length * k) / count;
    const bend = root.heading + 0.12 * (k / count);
    return {
      x: root.x + way * Math.cos(bend),
      y: root.y + way * Math.sin(bend),
      radius: radius * (1 - 0.08 * (k / count)),
      lengthening: 1,
      fromRoot: way,
    };
  });
}

/** The branch as one that begins after `way`. */
function follow({ points, parentRadius }: Branch, way: number, parent: number): Branch {
  return {
    points: points.map((point) => ({ ...point, fromRoot: point.fromRoot + way })),
    parentRadius: Math.max(parentRadius, parent),
  };
}
