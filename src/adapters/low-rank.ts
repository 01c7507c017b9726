/** LoRA as a layer rule: y = W x + b + scale B (A x), with W frozen (arXiv 2106.09685). */
import { ops } from '../graph/index.ts';
import type { Value } from '../graph/graph.ts';
import { plainLayer, weightShape } from '../model/scope.ts';
import type { Layer, LayerRule, LayerScope } from '../model/scope.ts';

export interface LowRankUpdate {
  readonly rank: number;
  readonly scale: number;
}

/** A [rank, in] (a kernel [rank, in, k, k] for a convolution), B [out, rank]. No regulariser. */
export function lowRankRule({ rank, scale }: LowRankUpdate): LayerRule {
  return (scope, layer, x) => {
    const { a, b } = readFactors(scope, layer, rank);
    const update = layer.conv
      ? ops.conv(ops.conv(x, a, layer.conv), ops.reshape(b, [...b.shape, 1, 1]))
      : ops.linear(ops.linear(x, a), b);
    return ops.add(plainLayer(scope, layer, x), scaled(update, scale));
  };
}

/** W + scale B A, of the layer's `weightShape`, for merging. */
export function composeLowRank(scope: LayerScope, layer: Layer, { rank, scale }: LowRankUpdate): Value {
  const { a, b } = readFactors(scope, layer, rank);
  const update = ops.reshape(ops.matmul(b, ops.reshape(a, [rank, -1])), weightShape(layer));
  return ops.add(scope.tensor('weight', weightShape(layer)), scaled(update, scale));
}

function readFactors(scope: LayerScope, layer: Layer, rank: number): { a: Value; b: Value } {
  return {
    a: scope.tensor('lora.A', [rank, ...weightShape(layer).slice(1)]),
    b: scope.tensor('lora.B', [layer.outFeatures, rank]),
  };
}

function scaled(x: Value, scale: number): Value {
  return scale === 1 ? x : ops.mul(x, scale);
}
