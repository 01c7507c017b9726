import type { Value } from '../graph.ts';
import { mul, neg } from '../primitives/elementwise.ts';
import { matmul, softmax } from '../primitives/linear.ts';
import { sum } from '../primitives/reduce.ts';
import { concat, expand, transposeLast } from '../primitives/shape.ts';

/**
 * softmax(q k^T) v, any scale or bias having been folded into q and k.
 *
 * The derivative needs, beside P = softmax(q k^T), the row sums of dP * P. They equal the row sums of dO * O
 * (Dao et al., FlashAttention, 2022, appendix B), which are far smaller to form, and subtracting them from dP
 * costs nothing when they ride along in the product: [dO, -rowsum] [v, 1]^T.
 *
 * @param q [..., queries, d]
 * @param k [..., keys, d]
 * @param v [..., keys, e]
 * @returns [..., queries, e]
 */
export function attention(q: Value, k: Value, v: Value): Value {
  const graph = q.graph;
  const weights = softmax(matmul(q, transposeLast(k)));
  const output = matmul(weights, v);
  graph.record([q, k, v], [output], ([dOutput], [needQ, needK, needV]) => {
    if (!dOutput) return [];
    const dV = needV ? matmul(transposeLast(weights), dOutput) : undefined;
    if (!needQ && !needK) return [undefined, undefined, dV];
    const last = output.shape.length - 1;
    const rowSums = sum(mul(dOutput, output), { axes: [last], keepDims: true });
    const ones = expand(graph.scalar(1), [...v.shape.slice(0, -1), 1]);
    const centred = matmul(concat([dOutput, neg(rowSums)], last), transposeLast(concat([v, ones], last)));
    const dScores = mul(weights, centred);
    return [
      needQ ? matmul(dScores, k) : undefined,
      needK ? matmul(transposeLast(dScores), q) : undefined,
      dV,
    ];
  });
  return output;
}
