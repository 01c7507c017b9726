import * as ops from '../graph/ops/index.ts';
import type { Value } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor.ts';

/** [B, ...] -> [B times, ...]: each row as often as it is asked about, its copies one after the other. */
export function repeatRows(x: Value, times: number): Value {
  if (times === 1) return x;
  const [count = 0, ...rest] = x.shape;
  const length = sizeOf(rest);
  const repeated = ops.expand(ops.reshape(x, [count, 1, length]), [count, times, length]);
  return ops.reshape(repeated, [count * times, ...rest]);
}
