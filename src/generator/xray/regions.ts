import type { Random } from '../../protocol/random.ts';
import { between, chance, logBetween, sign } from '../draw/draws.ts';
import { growTree } from './tree.ts';
import type { Branch, Root, TreeShape } from './tree.ts';

/** Which part of the body, as far as its vessels and bones differ. `phantom` is a model made of tubes. */
export const REGIONS = ['left coronary', 'right coronary', 'cerebral', 'peripheral', 'phantom'] as const;

export type Region = (typeof REGIONS)[number];

export interface Vessels {
  readonly branches: readonly Branch[];
  /** Where the contrast comes in, and the way it goes. */
  readonly root: Root;
  readonly trunkRadius: number;
}

/** Grows the vessels of a region in a square image of side `size`, `calibre` times as wide as in life. */
export function growVessels(random: Random, region: Region, size: number, calibre = 1): Vessels {
  const { shape: planned, root: wanted } = PLANS[region](random, size);
  const trunkRadius = calibre * planned.trunkRadius;
  const shape = { ...planned, trunkRadius, leastRadius: calibre * planned.leastRadius };
  const near = (at: number): number => Math.min(1.05 * size, Math.max(-0.05 * size, at));
  const root = { ...wanted, x: near(wanted.x), y: near(wanted.y) };
  const branches = growTree(random, shape, root, size).map((branch) => roughen(random, branch));
  return { branches, root, trunkRadius: shape.trunkRadius };
}

interface Plan {
  readonly shape: TreeShape;
  readonly root: Root;
}

const PLANS: Readonly<Record<Region, (random: Random, size: number) => Plan>> = {
  'left coronary': planLeftCoronary,
  'right coronary': planRightCoronary,
  cerebral: planCerebral,
  peripheral: planPeripheral,
  phantom: planPhantom,
};

/** Sides and directions are drawn freely: the tube turns about the patient, and images are flipped. */
function planLeftCoronary(random: Random, size: number): Plan {
  const ball = {
    x: size * between(random, 0.4, 0.6),
    y: size * between(random, 0.45, 0.65),
    radius: size * between(random, 0.33, 0.6),
  };
  const around = between(random, -Math.PI, 0.5);
  const out = ball.radius * between(random, 0.2, 0.85);
  const root = {
    x: ball.x + out * Math.cos(around),
    y: ball.y + out * Math.sin(around),
    heading: around + Math.PI + between(random, -0.9, 0.9),
    side: sign(random),
  };
  const shape = {
    ball,
    trunkRadius: (size / 512) * logBetween(random, 3, 10),
    leastRadius: (size / 512) * logBetween(random, 0.4, 1.3),
    forkDistance: size * logBetween(random, 0.06, 0.22),
    mainShare: [between(random, 0.55, 0.85), between(random, 0.88, 0.97)] as const,
    tortuosity: logBetween(random, 0.4, 2.5),
    homing: between(random, 0.5, 4),
    taper: (512 / size) * between(random, 0.0002, 0.0018),
    relief: between(random, 0, 0.4),
    mostBranches: 20 + random.integer(80),
    reach: size * between(random, 0.7, 1.6),
  };
  return { shape, root };
}

function planRightCoronary(random: Random, size: number): Plan {
  const { shape, root } = planLeftCoronary(random, size);
  // Along the rim of the ball, so that the trunk is a C.
  const radius = shape.ball.radius * between(random, 0.75, 0.9);
  const around = between(random, 0, 2 * Math.PI);
  const hand = sign(random);
  return {
    shape: {
      ...shape,
      mainShare: [between(random, 0.82, 0.9), 0.97],
      tortuosity: shape.tortuosity * 0.7,
      mostBranches: 8 + random.integer(30),
    },
    root: {
      ...root,
      x: shape.ball.x + radius * Math.cos(around),
      y: shape.ball.y + radius * Math.sin(around),
      heading: around + hand * (Math.PI / 2 + between(random, -0.3, 0.3)),
    },
  };
}

function planCerebral(random: Random, size: number): Plan {
  const ball = {
    x: size * between(random, 0.35, 0.65),
    y: size * between(random, 0.4, 0.7),
    radius: size * between(random, 0.45, 0.85),
  };
  const fromBelow = chance(random, 0.6);
  const root = {
    x: size * (fromBelow ? between(random, 0.25, 0.75) : between(random, -0.05, 1.05)),
    y: size * (fromBelow ? between(random, 0.6, 1.05) : between(random, -0.05, 1.05)),
    heading: fromBelow ? -Math.PI / 2 + between(random, -0.7, 0.7) : between(random, -Math.PI, Math.PI),
    side: sign(random),
  };
  const shape = {
    ball,
    trunkRadius: (size / 512) * logBetween(random, 2, 6.5),
    leastRadius: (size / 512) * logBetween(random, 0.35, 0.6),
    forkDistance: size * logBetween(random, 0.08, 0.3),
    mainShare: [0.5, between(random, 0.75, 0.97)] as const,
    tortuosity: logBetween(random, 2, 7),
    homing: between(random, 1, 4.5),
    taper: (512 / size) * between(random, 0.0001, 0.0012),
    relief: between(random, 0.3, 1),
    mostBranches: 40 + random.integer(160),
    reach: size * between(random, 1, 3),
  };
  return { shape, root };
}

function planPeripheral(random: Random, size: number): Plan {
  const around = between(random, -Math.PI, Math.PI);
  const heading = around + Math.PI + between(random, -0.3, 0.3);
  const root = {
    x: size * (0.5 + 0.5 * Math.cos(around) + between(random, -0.15, 0.15)),
    y: size * (0.5 + 0.5 * Math.sin(around) + between(random, -0.15, 0.15)),
    heading,
    side: sign(random),
  };
  const shape = {
    ball: { x: size / 2, y: size / 2, radius: size * between(random, 2, 6) },
    trunkRadius: (size / 512) * logBetween(random, 2.5, 10),
    leastRadius: (size / 512) * logBetween(random, 0.4, 1.3),
    forkDistance: size * logBetween(random, 0.08, 0.4),
    mainShare: [between(random, 0.5, 0.8), between(random, 0.85, 0.96)] as const,
    tortuosity: logBetween(random, 0.1, 1.2),
    homing: between(random, 1, 5),
    taper: (512 / size) * between(random, 0.0001, 0.001),
    relief: between(random, 0, 0.3),
    mostBranches: 6 + random.integer(50),
    reach: size * between(random, 0.8, 3),
  };
  return { shape, root };
}

/** Moulded tubes: hardly any taper, few forks, blunt ends. */
function planPhantom(random: Random, size: number): Plan {
  const { shape, root } = planLeftCoronary(random, size);
  return {
    shape: {
      ...shape,
      trunkRadius: (size / 512) * logBetween(random, 2.5, 8.5),
      leastRadius: (size / 512) * logBetween(random, 1, 2.8),
      forkDistance: size * logBetween(random, 0.1, 0.35),
      mainShare: [0.5, between(random, 0.6, 0.8)],
      tortuosity: logBetween(random, 0.3, 2),
      taper: 0,
      mostBranches: 4 + random.integer(12),
      reach: size * between(random, 0.5, 1.5),
    },
    root: chance(random, 0.5)
      ? root
      : { ...root, x: size * between(random, 0.1, 0.9), y: size * between(random, 0.1, 0.9) },
  };
}

/** Living walls are not even; now and then a vessel is narrowed, or widened, over a short way. */
export function roughen(random: Random, branch: Branch): Branch {
  const { points } = branch;
  const waviness = between(random, 0, 0.07);
  const first = points[0]?.fromRoot ?? 0;
  const length = (points.at(-1)?.fromRoot ?? 0) - first;
  const width = (points[0]?.radius ?? 1) * logBetween(random, 1, 5);
  const depth = chance(random, 0.15)
    ? -between(random, 0.25, 0.9)
    : chance(random, 0.04)
      ? between(random, 0.3, 1.2)
      : 0;
  const where = first + length * random.uniform();
  let wave = 0;
  const rough = points.map((point) => {
    wave = 0.8 * wave + 0.6 * random.normal();
    const swell = 1 + depth * Math.exp(-(((point.fromRoot - where) / width) ** 2)) + waviness * wave;
    return { ...point, radius: point.radius * Math.max(0.1, swell) };
  });
  return { ...branch, points: rough };
}
