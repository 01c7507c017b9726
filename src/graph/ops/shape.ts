import type { Value } from '../graph.ts';
import { matmul } from '../primitives/linear.ts';
import { reduceTo } from '../primitives/reduce.ts';
import * as p from '../primitives/shape.ts';
import type { Pads, Range } from '../primitives/shape.ts';
import type { Shape } from '../tensor.ts';

export type { Pads, Range } from '../primitives/shape.ts';

/** One dimension may be -1: it is what remains. */
export function reshape(x: Value, to: Shape): Value {
  const y = p.reshape(x, to);
  if (y !== x) x.graph.record([x], [y], ([dy]) => [dy && p.reshape(dy, x.shape)]);
  return y;
}

export function transpose(x: Value, perm: readonly number[]): Value {
  const y = p.transpose(x, perm);
  const inverse = perm.map((_, i) => perm.indexOf(i));
  x.graph.record([x], [y], ([dy]) => [dy && p.transpose(dy, inverse)]);
  return y;
}

/** Swaps the last two axes. */
export function transposeLast(x: Value): Value {
  const rank = x.shape.length;
  return transpose(x, [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

/** Broadcasts x to a shape. */
export function expand(x: Value, shape: Shape): Value {
  const y = p.expand(x, shape);
  if (y !== x) x.graph.record([x], [y], ([dy]) => [dy && reduceTo(dy, x.shape)]);
  return y;
}

/** A box cut out of x, with step 1. */
export function slice(x: Value, ranges: readonly Range[]): Value {
  const y = p.slice(x, ranges);
  if (y === x) return x;
  const pads = x.shape.map((n, axis): [number, number] => {
    const range = ranges.find((r) => r.axis === axis);
    return range ? [range.start, n - (range.end ?? n)] : [0, 0];
  });
  x.graph.record([x], [y], ([dy]) => [dy && p.pad(dy, pads)]);
  return y;
}

/** Zeros around x: [before, after] for each axis. */
export function pad(x: Value, pads: Pads): Value {
  const y = p.pad(x, pads);
  if (y === x) return x;
  const ranges = x.shape.map((n, axis) => {
    const start = pads[axis]?.[0] ?? 0;
    return { axis, start, end: start + n };
  });
  x.graph.record([x], [y], ([dy]) => [dy && p.slice(dy, ranges)]);
  return y;
}

export function concat(xs: readonly Value[], axis: number): Value {
  const y = p.concat(xs, axis);
  if (xs.length === 1) return y;
  y.graph.record(xs, [y], ([dy], needed) => {
    let end = 0;
    return xs.map((x, i) => {
      const start = end;
      end += x.shape[axis] ?? 0;
      return dy && needed[i] ? p.slice(dy, [{ axis, start, end }]) : undefined;
    });
  });
  return y;
}

/** Cuts x into pieces of the given sizes along an axis. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  const ys = p.split(x, sizes, axis);
  if (ys.length === 1) return ys;
  x.graph.record([x], ys, (dys) => [
    p.concat(
      ys.map((y, i) => dys[i] ?? p.expand(x.graph.scalar(0), y.shape)),
      axis,
    ),
  ]);
  return ys;
}

/** Rows of x along its first axis, by constant indices: [indices.length, ...rest]. */
export function gatherRows(x: Value, indices: readonly number[]): Value {
  const y = p.gatherRows(x, indices);
  const rows = x.shape[0] ?? 0;
  x.graph.record([x], [y], ([dy]) => {
    if (!dy) return [undefined];
    // Rows may be read many times: the gradient is a product with the one-hot matrix of the indices.
    const oneHot = new Float32Array(rows * indices.length);
    indices.forEach((row, i) => (oneHot[row * indices.length + i] = 1));
    const chosen = x.graph.constant(oneHot, [rows, indices.length]);
    return [p.reshape(matmul(chosen, p.reshape(dy, [indices.length, -1])), x.shape)];
  });
  return y;
}

/** [N, C b b, H, W] -> [N, C, H b, W b]; channel (c b + i) b + j goes to pixel (i, j) of its block, as in PyTorch's pixel_shuffle. */
export function depthToSpace(x: Value, block: number): Value {
  const [n = 1, c = 1, h = 1, w = 1] = x.shape;
  const parts = reshape(x, [n, c / block ** 2, block, block, h, w]);
  return reshape(transpose(parts, [0, 1, 4, 2, 5, 3]), [n, c / block ** 2, h * block, w * block]);
}

/** The inverse of `depthToSpace`. */
export function spaceToDepth(x: Value, block: number): Value {
  const [n = 1, c = 1, h = 1, w = 1] = x.shape;
  const parts = reshape(x, [n, c, h / block, block, w / block, block]);
  return reshape(transpose(parts, [0, 1, 3, 5, 2, 4]), [n, c * block ** 2, h / block, w / block]);
}
