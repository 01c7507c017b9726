import { SaltError } from '../../protocol/errors.ts';
import type { Value } from '../graph.ts';
import { broadcastShape } from './elementwise.ts';

export function matmul(a: Value, b: Value): Value {
  const [m, k] = a.shape.slice(-2);
  const [k2, n] = b.shape.slice(-2);
  if (m === undefined || n === undefined || k === undefined || k !== k2) {
    throw new SaltError(
      'GRAPH_INVALID',
      `No product of [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`,
    );
  }
  const shape = [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n];
  return a.graph.emit('MatMul', [a, b], { shape });
}

/** Which factors of a `gemm` are transposed. */
export interface Transposed {
  readonly a?: boolean;
  readonly b?: boolean;
}

export function gemm(a: Value, b: Value, transposed: Transposed = {}, bias?: Value): Value {
  const [m = 0, k = 0] = transposed.a ? [...a.shape].reverse() : a.shape;
  const [k2 = 0, n = 0] = transposed.b ? [...b.shape].reverse() : b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || k !== k2) {
    throw new SaltError('GRAPH_INVALID', `No Gemm of [${a.shape.join(', ')}] and [${b.shape.join(', ')}].`);
  }
  return a.graph.emit(
    'Gemm',
    bias ? [a, b, bias] : [a, b],
    { shape: [m, n] },
    { transA: { int: transposed.a ? 1 : 0 }, transB: { int: transposed.b ? 1 : 0 } },
  );
}

/** Over the last axis. */
export function softmax(x: Value): Value {
  return x.graph.emit('Softmax', [x], { shape: x.shape }, { axis: { int: -1 } });
}
