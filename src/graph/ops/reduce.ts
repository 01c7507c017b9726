import type { Value } from '../graph.ts';
import { div, greater, mul, sqrt, where } from '../primitives/elementwise.ts';
import * as p from '../primitives/reduce.ts';
import type { ReduceOptions } from '../primitives/reduce.ts';
import { expand, reshape } from '../primitives/shape.ts';
import { sizeOf } from '../tensor.ts';

export type { ReduceOptions } from '../primitives/reduce.ts';

function spread(dy: Value, x: Value, options: ReduceOptions): Value {
  return expand(reshape(dy, p.reducedShape(x.shape, p.reducedAxes(x.shape, options.axes), true)), x.shape);
}

export function sum(x: Value, options: ReduceOptions = {}): Value {
  const y = p.sum(x, options);
  if (y === x) return x;
  x.graph.record([x], [y], ([dy]) => [dy && spread(dy, x, options)]);
  return y;
}

export function mean(x: Value, options: ReduceOptions = {}): Value {
  const y = p.mean(x, options);
  if (y === x) return x;
  const count = sizeOf(x.shape) / sizeOf(y.shape);
  x.graph.record([x], [y], ([dy]) => [dy && spread(mul(dy, 1 / count), x, options)]);
  return y;
}

/** The Frobenius norm of everything, a scalar. Its derivative at zero is zero, as in PyTorch. */
export function norm(x: Value): Value {
  const y = sqrt(p.sum(mul(x, x)));
  x.graph.record([x], [y], ([dy]) => {
    if (!dy) return [undefined];
    const positive = greater(y, 0);
    return [mul(x, where(positive, div(dy, where(positive, y, 1)), 0))];
  });
  return y;
}
