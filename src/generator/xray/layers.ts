import { atRest } from './motion.ts';
import type { HeartMap } from './motion.ts';

/** A drawn field with a rim about the picture, all in pixels. */
export interface Layer {
  readonly side: number;
  readonly rim: number;
  readonly data: Float32Array;
}

/** Adds the layer, moved down by `way` pixels, to a picture of side `size`. */
export function shiftRows({ side, rim, data }: Layer, way: number, into: Float32Array, size: number): void {
  for (let y = 0, i = 0; y < size; y++) {
    const from = Math.min(side - 1.001, Math.max(0, y + rim - way));
    const row = Math.floor(from);
    const share = from - row;
    let at = row * side + rim;
    for (let x = 0; x < size; x++, i++, at++) {
      const above = data[at] ?? 0;
      into[i] = (into[i] ?? 0) + above + share * ((data[at + side] ?? 0) - above);
    }
  }
}

/** Adds the layer, mapped as the heart, to a picture of side `size`. */
export function sampleMapped(
  { side, rim, data }: Layer,
  map: HeartMap,
  into: Float32Array,
  size: number,
): void {
  const start = atRest(map, { x: 0, y: 0 });
  const right = atRest(map, { x: 1, y: 0 });
  // A similarity: a step to the right is the same everywhere, and one down is that step turned by a right angle.
  const [ax, ay] = [right.x - start.x, right.y - start.y];
  const most = side - 1.001;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const u = Math.min(most, Math.max(0, start.x + rim + ax * x - ay * y));
      const v = Math.min(most, Math.max(0, start.y + rim + ay * x + ax * y));
      const [column, row] = [Math.floor(u), Math.floor(v)];
      const [shareX, shareY] = [u - column, v - row];
      const at = row * side + column;
      const above = (data[at] ?? 0) + shareX * ((data[at + 1] ?? 0) - (data[at] ?? 0));
      const below = (data[at + side] ?? 0) + shareX * ((data[at + side + 1] ?? 0) - (data[at + side] ?? 0));
      into[i] = (into[i] ?? 0) + above + shareY * (below - above);
    }
  }
}
