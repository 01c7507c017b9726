import { SaltError } from '../../protocol/errors.ts';
import type { Value } from '../graph.ts';
import { sameShape, sizeOf } from '../tensor.ts';
import { broadcastShape } from './elementwise.ts';
import type { Shape } from '../tensor.ts';

export function reshape(x: Value, to: Shape): Value {
  const known = to.reduce((product, n) => (n === -1 ? product : product * n), 1);
  const shape = to.map((n) => (n === -1 ? sizeOf(x.shape) / known : n));
  if (sizeOf(shape) !== sizeOf(x.shape) || !shape.every(Number.isInteger)) {
    throw new SaltError('GRAPH_INVALID', `[${x.shape.join(', ')}] cannot be reshaped to [${to.join(', ')}].`);
  }
  if (sameShape(shape, x.shape)) return x;
  return x.graph.emit('Reshape', [x, x.graph.int64(shape)], { shape, dtype: x.dtype });
}

export function transpose(x: Value, perm: readonly number[]): Value {
  const shape = perm.map((axis) => x.shape[axis] ?? 1);
  return x.graph.emit('Transpose', [x], { shape, dtype: x.dtype }, { perm: { ints: perm } });
}

/** Swaps the last two axes. */
export function transposeLast(x: Value): Value {
  const rank = x.shape.length;
  return transpose(x, [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2));
}

export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShape(x.shape, shape), shape)) {
    throw new SaltError(
      'GRAPH_INVALID',
      `[${x.shape.join(', ')}] does not broadcast to [${shape.join(', ')}].`,
    );
  }
  return x.graph.emit('Expand', [x, x.graph.int64(shape)], { shape });
}

export interface Range {
  readonly axis: number;
  readonly start: number;
  /** Exclusive; default: to the end. */
  readonly end?: number;
}

export function slice(x: Value, ranges: readonly Range[]): Value {
  const boxes = ranges.map(({ axis, start, end }) => ({ axis, start, end: end ?? x.shape[axis] ?? 0 }));
  const shape = [...x.shape];
  for (const { axis, start, end } of boxes) {
    const n = x.shape[axis];
    if (n === undefined || start < 0 || end > n || start >= end) {
      throw new SaltError(
        'GRAPH_INVALID',
        `No slice ${start}..${end} of axis ${axis} in [${x.shape.join(', ')}].`,
      );
    }
    shape[axis] = end - start;
  }
  if (sameShape(shape, x.shape)) return x;
  const { graph } = x;
  const starts = graph.int64(boxes.map((box) => box.start));
  const ends = graph.int64(boxes.map((box) => box.end));
  const axes = graph.int64(boxes.map((box) => box.axis));
  return graph.emit('Slice', [x, starts, ends, axes], { shape, dtype: x.dtype });
}

/** Zeros around each axis, [before, after]. */
export type Pads = readonly (readonly [before: number, after: number])[];

export function pad(x: Value, pads: Pads): Value {
  if (pads.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((n, i) => n + (pads[i]?.[0] ?? 0) + (pads[i]?.[1] ?? 0));
  const amounts = x.graph.int64([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
  return x.graph.emit('Pad', [x, amounts], { shape });
}

export function concat(xs: readonly Value[], axis: number): Value {
  const [first] = xs;
  if (!first) throw new SaltError('GRAPH_INVALID', 'Nothing to concatenate.');
  if (xs.length === 1) return first;
  const total = xs.reduce((size, x) => size + (x.shape[axis] ?? 0), 0);
  for (const { shape } of xs) {
    if (shape.length !== first.shape.length || !shape.every((n, i) => i === axis || n === first.shape[i])) {
      throw new SaltError(
        'GRAPH_INVALID',
        `[${first.shape.join(', ')}] and [${shape.join(', ')}] do not go together along axis ${axis}.`,
      );
    }
  }
  const shape = first.shape.map((n, i) => (i === axis ? total : n));
  return first.graph.emit('Concat', xs, { shape }, { axis: { int: axis } });
}

/** WebGPU binds a buffer for each piece beside the whole, and devices need not allow more than 8. */
const MOST_PIECES = 7;

/** Cuts x into pieces of the given sizes along an axis. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  if (sizes.reduce((a, b) => a + b, 0) !== x.shape[axis]) {
    throw new SaltError(
      'GRAPH_INVALID',
      `Pieces ${sizes.join(' + ')} do not make up axis ${axis} of [${x.shape.join(', ')}].`,
    );
  }
  if (sizes.length === 1) return [x];
  if (sizes.length > MOST_PIECES) {
    let start = 0;
    return sizes.map((size) => {
      const piece = slice(x, [{ axis, start, end: start + size }]);
      start += size;
      return piece;
    });
  }
  const outputs = sizes.map((size) => ({ shape: x.shape.map((n, i) => (i === axis ? size : n)) }));
  return x.graph.emitMany('Split', [x, x.graph.int64(sizes)], outputs, { axis: { int: axis } });
}

/** Slices along an axis, by constant indices. */
export function gather(x: Value, indices: readonly number[], axis: number): Value {
  const count = x.shape[axis] ?? 0;
  const outside = indices.find((row) => !(row >= 0 && row < count));
  if (outside !== undefined) {
    throw new SaltError('GRAPH_INVALID', `There is no row ${outside} of ${count}.`);
  }
  const shape = x.shape.map((n, i) => (i === axis ? indices.length : n));
  return x.graph.emit('Gather', [x, x.graph.int64(indices)], { shape }, { axis: { int: axis } });
}

/** Rows along the first axis, by constant indices. */
export const gatherRows = (x: Value, indices: readonly number[]): Value => gather(x, indices, 0);
