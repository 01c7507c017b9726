import type { Random } from '../protocol/random.ts';

/** A short straight piece of a vessel, in pixels. */
export interface VesselPiece {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly radius: number;
}

export interface TreeOptions {
  readonly size: number;
  /** Radius of the trunk in pixels. */
  readonly trunkRadius: number;
  /** Branches end below this radius. */
  readonly leastRadius: number;
}

const PIECE_LENGTH = 3;
/** Standard deviation of the change of direction from one piece to the next, in radians. */
const WANDER = 0.12;
/** Chance that a piece ends in a fork. */
const FORK = 0.045;
const TAPER = 0.997;

interface Tip {
  x: number;
  y: number;
  direction: number;
  radius: number;
}

/**
 * A branching vessel that enters at the border. At a fork the radii of the daughters follow Murray's law,
 * r^3 = a^3 + b^3, and the smaller daughter leaves at the wider angle, as in living vessels
 * (Murray, The physiological principle of minimum work, 1926).
 */
export function growTree(random: Random, options: TreeOptions): VesselPiece[] {
  const { size } = options;
  const pieces: VesselPiece[] = [];
  const tips: Tip[] = [entrance(random, options)];
  for (let tip = tips.pop(); tip; tip = tips.pop()) {
    while (tip.radius >= options.leastRadius && isInside(tip, size)) {
      const x1: number = tip.x + PIECE_LENGTH * Math.cos(tip.direction);
      const y1: number = tip.y + PIECE_LENGTH * Math.sin(tip.direction);
      pieces.push({ x0: tip.x, y0: tip.y, x1, y1, radius: tip.radius });
      tip = { x: x1, y: y1, direction: tip.direction + WANDER * random.normal(), radius: tip.radius * TAPER };
      if (random.uniform() < FORK) {
        const [main, side] = fork(random, tip);
        tips.push(side);
        tip = main;
      }
    }
  }
  return pieces;
}

function entrance(random: Random, { size, trunkRadius }: TreeOptions): Tip {
  return {
    x: size * (0.3 + 0.4 * random.uniform()),
    y: 1,
    direction: Math.PI * (0.35 + 0.3 * random.uniform()),
    radius: trunkRadius,
  };
}

function fork(random: Random, tip: Tip): [main: Tip, side: Tip] {
  const share = 0.5 + 0.35 * random.uniform();
  const sign = random.uniform() < 0.5 ? -1 : 1;
  const main = { ...tip, radius: tip.radius * Math.cbrt(share), direction: tip.direction - sign * 0.25 };
  const side = {
    ...tip,
    radius: tip.radius * Math.cbrt(1 - share),
    direction: tip.direction + sign * (0.5 + 0.4 * share),
  };
  return [main, side];
}

function isInside({ x, y }: Tip, size: number): boolean {
  return x >= 0 && y >= 0 && x < size && y < size;
}
