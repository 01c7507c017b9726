import type { Mask } from '../../imaging/frame.ts';
import type { Random } from '../../protocol/random.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import { gaussianBlur, smoothNoise } from '../draw/fields.ts';
import { normalField } from '../draw/noise.ts';
import type { FoveaShape } from './capillaries.ts';

export interface Scan {
  readonly size: number;
  readonly fovea: FoveaShape;
  readonly mask: Mask;
}

/** Turns flow into a scan: capillaries of deeper layers, uneven depth, speckle, blur, motion. Grey in 0..255. */
export function scan(random: Random, layer: Float32Array, { size, fovea, mask }: Scan): Float32Array {
  const detail = size / 512;
  const ground = between(random, 20, 75);
  const peak = between(random, 150, 255) - ground;
  const uneven = smoothNoise(random, size, size, 0.35 * size);
  const unevenness = between(random, 0, 0.25);
  const deep = smoothNoise(random, size, size, between(random, 2.2, 5) * detail);
  const depth = between(random, 0.1, 0.9);
  const speckle = normalField(random, size * size);
  const graininess = between(random, 0.05, 0.7);
  const dark = ground * between(random, 0.1, 0.45);
  const field = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const i = y * size + x;
      const zone = outside(fovea, x / size, y / size);
      const tissue = dark + (ground - dark) * zone;
      const mesh = tissue * (1 + zone * depth * 0.5 * (deep[i] ?? 0));
      const value = (Math.max(0, mesh) + peak * (layer[i] ?? 0)) * (1 + unevenness * (uneven[i] ?? 0));
      field[i] = Math.max(0, value * (1 + graininess * (speckle[i] ?? 0)));
    }
  }
  const resolved = gaussianBlur(field, size, size, logBetween(random, 0.55, 1.5) * detail);
  const noise = normalField(random, size * size);
  const noisy = between(random, 0, 9);
  for (let i = 0; i < resolved.length; i++) resolved[i] = (resolved[i] ?? 0) + noisy * (noise[i] ?? 0);
  if (chance(random, 0.35)) addMotion(random, resolved, mask);
  for (let i = 0; i < resolved.length; i++) resolved[i] = Math.min(255, Math.max(0, resolved[i] ?? 0));
  return resolved;
}

/** 0 in the avascular zone, 1 outside, soft between. */
function outside({ x, y, border }: FoveaShape, atX: number, atY: number): number {
  const [dx, dy] = [atX - x, atY - y];
  const far = Math.sqrt(dx * dx + dy * dy);
  if (far > 0.28) return 1;
  const edge = border(Math.atan2(dy, dx));
  return edge === 0 ? 1 : 1 / (1 + Math.exp((edge - far) / 0.012));
}

/** The eye moves between two lines: bright lines, and bands of rows moved sideways, the truth with them. */
function addMotion(random: Random, pixels: Float32Array, mask: Mask): void {
  const { width, height, data } = mask;
  const bands = 1 + random.integer(4);
  for (let band = 0; band < bands; band++) {
    const top = random.integer(height);
    if (chance(random, 0.6)) {
      const gain = between(random, 0.6, 1.7);
      const lift = between(random, -10, 40);
      const bottom = Math.min(height, top + 1 + random.integer(Math.max(1, Math.round(height / 128))));
      for (let i = top * width; i < bottom * width; i++) pixels[i] = (pixels[i] ?? 0) * gain + lift;
      continue;
    }
    const bottom = Math.min(height, top + 4 + random.integer(Math.round(height / 4)));
    const by = Math.round(width * 0.012 * random.normal());
    for (let y = top; y < bottom; y++) {
      const row = y * width;
      const from = Math.max(0, -by);
      const to = Math.min(width, width - by);
      pixels.copyWithin(row + Math.max(0, by), row + from, row + to);
      data.copyWithin(row + Math.max(0, by), row + from, row + to);
    }
  }
}
