import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { between, chance, logBetween, pick } from '../draw/draws.ts';
import type { XrayLook } from './look.ts';
import { edge } from './bones.ts';

/** What bounds the picture. */
export interface Collimator {
  /** Share of the beam that gets through at each pixel; null where nothing bounds it. */
  readonly passed: Float32Array | null;
  readonly fieldOfView: Mask;
  /** A hard edge that the machine draws itself: outside it, the picture is blank. */
  readonly blank: boolean;
}

/** A half plane that the beam passes: cos * x + sin * y <= limit. */
interface Shutter {
  readonly cosine: number;
  readonly sine: number;
  readonly limit: number;
}

/** Nothing, straight shutters (with cut corners), or a round aperture. */
export function drawCollimator(random: Random, look: XrayLook, size: number): Collimator {
  const kind = chance(random, 0.7 * look.disturbance)
    ? pick(random, { shutters: 0.64, round: 0.36 })
    : 'none';
  if (kind === 'none') {
    return {
      passed: null,
      fieldOfView: { width: size, height: size, data: new Uint8Array(size * size).fill(1) },
      blank: false,
    };
  }
  const blank = chance(random, kind === 'round' ? 0.7 : 0.25);
  const softness = blank ? 0.3 : size * logBetween(random, 0.001, 0.012);
  const leak = blank ? 0 : chance(random, 0.6) ? between(random, 0, 0.06) : between(random, 0.06, 0.4);
  const inside = kind === 'round' ? roundAperture(random, size) : shutters(random, size);
  const passed = new Float32Array(size * size);
  const data = new Uint8Array(size * size);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const depth = inside(x, y);
      passed[i] = depth > 12 * softness ? 1 : leak + (1 - leak) * edge(depth, softness);
      data[i] = depth >= 0 ? 1 : 0;
    }
  }
  return { passed, fieldOfView: { width: size, height: size, data }, blank };
}

/** Depth inside the aperture in pixels, negative outside. */
type Depth = (x: number, y: number) => number;

function roundAperture(random: Random, size: number): Depth {
  const radius = size * (chance(random, 0.5) ? between(random, 0.485, 0.52) : between(random, 0.42, 0.64));
  const [x0, y0] = [size * between(random, 0.48, 0.52), size * between(random, 0.48, 0.52)];
  const flat = chance(random, 0.2) ? size * between(random, 0.02, 0.1) : -size;
  return (x, y) => Math.min(radius - Math.sqrt((x - x0) ** 2 + (y - y0) ** 2), y - flat, size - 1 - flat - y);
}

function shutters(random: Random, size: number): Depth {
  const planes: Shutter[] = [];
  const tilt = chance(random, 0.6) ? 0 : 0.03 * random.normal();
  const all = chance(random, 0.45);
  const even = size * between(random, 0.005, 0.06);
  for (let side = 0; side < 4; side++) {
    if (!all && chance(random, 0.45)) continue;
    const inset = all && chance(random, 0.7) ? even : size * between(random, 0.005, 0.22);
    planes.push(shutter((side * Math.PI) / 2 + tilt, size, inset));
  }
  if (all && chance(random, 0.6)) {
    // Cut corners, as deep as `cut` along each side.
    const cut = size * between(random, 0.01, 0.12);
    for (let corner = 0; corner < 4; corner++) {
      const plane = shutter((corner + 0.5) * (Math.PI / 2) + tilt, size, 0);
      planes.push({
        ...plane,
        limit: plane.limit + size * (Math.SQRT1_2 - 0.5) - even * Math.SQRT2 - cut * Math.SQRT1_2,
      });
    }
  }
  return (x, y) => {
    let depth = Infinity;
    for (const { cosine, sine, limit } of planes) depth = Math.min(depth, limit - cosine * x - sine * y);
    return depth;
  };
}

function shutter(direction: number, size: number, inset: number): Shutter {
  const [cosine, sine] = [Math.cos(direction), Math.sin(direction)];
  return { cosine, sine, limit: (size / 2) * (cosine + sine) + size / 2 - inset };
}
