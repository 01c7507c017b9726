import type { Value } from '../graph.ts';
import { mul, neg } from '../primitives/elementwise.ts';
import { matmul, softmax } from '../primitives/linear.ts';
import { sum } from '../primitives/reduce.ts';
import { concat, expand, slice, transposeLast } from '../primitives/shape.ts';

/**
 * softmax(q k^T) v, any scale or bias having been folded into q and k.
 *
 * The derivative needs, beside P = softmax(q k^T), the row sums of dP * P. They equal the row sums of dO * O
 * (Dao et al., FlashAttention, 2022, appendix B), which are far smaller to form, and subtracting them from dP
 * costs nothing when they ride along in the product: [dO, -rowsum] [v, 1]^T.
 *
 * @param q [..., queries, d + m]
 * @param k [..., keys, d]
 * @param v [..., keys, e]
 * @param marks constant columns of the keys beside k, [keys, m]: a bias that is linear in them costs no further
 *   pass over the scores
 * @returns [..., queries, e]
 */
export function attention(q: Value, k: Value, v: Value, marks?: Value): Value {
  const graph = q.graph;
  const axis = k.shape.length - 1;
  const keys = marks ? concat([k, expand(marks, [...k.shape.slice(0, -2), ...marks.shape])], axis) : k;
  const weights = softmax(matmul(q, transposeLast(keys)));
  const output = matmul(weights, v);
  graph.record([q, k, v], [output], ([dOutput], [needQ, needK, needV]) => {
    if (!dOutput) return [];
    const dV = needV ? matmul(transposeLast(weights), dOutput) : undefined;
    if (!needQ && !needK) return [undefined, undefined, dV];
    const rowSums = sum(mul(dOutput, output), { axes: [axis], keepDims: true });
    const ones = expand(graph.scalar(1), [...v.shape.slice(0, -1), 1]);
    const centred = matmul(concat([dOutput, neg(rowSums)], axis), transposeLast(concat([v, ones], axis)));
    const dScores = mul(weights, centred);
    return [
      needQ ? matmul(dScores, keys) : undefined,
      needK ? matmul(transposeLast(dScores), beside(q, k)) : undefined,
      dV,
    ];
  });
  return output;
}

/** The columns of q that meet k itself. */
function beside(q: Value, k: Value): Value {
  return slice(q, [{ axis: q.shape.length - 1, start: 0, end: k.shape[k.shape.length - 1] ?? 0 }]);
}
