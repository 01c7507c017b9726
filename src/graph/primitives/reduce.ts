import type { Value } from '../graph.ts';
import { sameShape } from '../tensor.ts';
import type { Shape } from '../tensor.ts';
import { reshape } from './shape.ts';

export interface ReduceOptions {
  /** Which axes to reduce; negative ones count from the end. Default: all. */
  readonly axes?: readonly number[];
  /** Keep reduced axes with size 1. Default: false. */
  readonly keepDims?: boolean;
}

export function reducedAxes(shape: Shape, axes?: readonly number[]): number[] {
  return (axes ?? [...shape.keys()]).map((axis) => (axis < 0 ? axis + shape.length : axis));
}

export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return shape.flatMap((n, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [n]));
}

function reduce(op: string, x: Value, options: ReduceOptions): Value {
  const axes = reducedAxes(x.shape, options.axes);
  if (axes.length === 0) return x;
  const keepDims = options.keepDims ?? false;
  return x.graph.emit(
    op,
    [x, x.graph.int64(axes)],
    { shape: reducedShape(x.shape, axes, keepDims) },
    { keepdims: { int: keepDims ? 1 : 0 } },
  );
}

export const sum = (x: Value, options: ReduceOptions = {}): Value => reduce('ReduceSum', x, options);
export const mean = (x: Value, options: ReduceOptions = {}): Value => reduce('ReduceMean', x, options);

/** Sums a gradient over the axes along which its value was broadcast. */
export function reduceTo(gradient: Value, shape: Shape): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []));
  return reshape(sum(gradient, { axes }), shape);
}
