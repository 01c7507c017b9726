import type { Value } from '../graph.ts';
import { mul, sub } from '../primitives/elementwise.ts';
import * as p from '../primitives/linear.ts';
import type { Transposed } from '../primitives/linear.ts';
import { reduceTo, sum } from '../primitives/reduce.ts';
import { transposeLast } from '../primitives/shape.ts';
import { reshape } from './shape.ts';

/** Batched matrix product with broadcast leading axes, as NumPy's `@` for ranks of 2 and more. */
export function matmul(a: Value, b: Value): Value {
  const y = p.matmul(a, b);
  a.graph.record([a, b], [y], ([dy], [needA, needB]) => [
    dy && needA ? reduceTo(p.matmul(dy, transposeLast(b)), a.shape) : undefined,
    dy && needB ? reduceTo(p.matmul(transposeLast(a), dy), b.shape) : undefined,
  ]);
  return y;
}

/** op(a) op(b) + bias of two matrices, where op transposes if asked, without copies. `bias` broadcasts to the result. */
export function gemm(a: Value, b: Value, transposed: Transposed = {}, bias?: Value): Value {
  const y = p.gemm(a, b, transposed, bias);
  const ta = transposed.a ?? false;
  const tb = transposed.b ?? false;
  a.graph.record(bias ? [a, b, bias] : [a, b], [y], ([dy], [needA, needB, needBias]) => {
    if (!dy) return [];
    const dA = (): Value => (ta ? p.gemm(b, dy, { a: tb, b: true }) : p.gemm(dy, b, { b: !tb }));
    const dB = (): Value => (tb ? p.gemm(dy, a, { a: true, b: ta }) : p.gemm(a, dy, { a: !ta }));
    return [
      needA ? dA() : undefined,
      needB ? dB() : undefined,
      bias && needBias ? reduceTo(dy, bias.shape) : undefined,
    ];
  });
  return y;
}

/**
 * x W^T + bias over the last axis.
 * @param x [..., in]
 * @param weight [out, in], PyTorch's layout
 * @param bias [out]
 */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const [out = 0, inner = 0] = weight.shape;
  const flat = reshape(x, [-1, inner]);
  return reshape(gemm(flat, weight, { b: true }, bias), [...x.shape.slice(0, -1), out]);
}

/** Over the last axis. */
export function softmax(x: Value): Value {
  const y = p.softmax(x);
  x.graph.record([x], [y], ([dy]) => [
    dy && mul(sub(dy, sum(mul(dy, y), { axes: [-1], keepDims: true })), y),
  ]);
  return y;
}
