import type { Value } from '../graph.ts';
import { add, div, mul, sub } from '../primitives/elementwise.ts';
import { mean, reduceTo } from '../primitives/reduce.ts';
import * as shape from './shape.ts';
import { add as addOp, mul as mulOp } from './elementwise.ts';

/**
 * Layer normalisation over the last axis.
 * @param x [..., C]
 * @param scale [C]
 * @param bias [C]
 */
export function layerNorm(x: Value, scale: Value, bias: Value, epsilon: number): Value {
  const graph = x.graph;
  const statistics = [...x.shape.slice(0, -1), 1];
  const [y, average, inverse] = graph.emitMany(
    'LayerNormalization',
    [x, scale, bias],
    [{ shape: x.shape }, { shape: statistics }, { shape: statistics }],
    { axis: { int: -1 }, epsilon: { float: epsilon } },
  ) as [Value, Value, Value];
  graph.record([x, scale, bias], [y], ([dy], [needX, needScale, needBias]) => {
    if (!dy) return [];
    const normal = mul(sub(x, average), inverse);
    return [
      needX ? normalisedGradient(mul(dy, scale), normal, inverse) : undefined,
      needScale ? reduceTo(mul(dy, normal), scale.shape) : undefined,
      needBias ? reduceTo(dy, bias.shape) : undefined,
    ];
  });
  return y;
}

/** The gradient of x -> (x - mean) * inverse deviation over the last axis. */
function normalisedGradient(dNormal: Value, normal: Value, inverse: Value): Value {
  const last = { axes: [-1], keepDims: true };
  const centred = sub(dNormal, mean(dNormal, last));
  return mul(inverse, sub(centred, mul(normal, mean(mul(dNormal, normal), last))));
}

/** SAM's LayerNorm2d: over the channels of each pixel, x [N, C, H, W]. */
export function layerNormChannels(x: Value, scale: Value, bias: Value, epsilon: number): Value {
  const pixels = shape.transpose(x, [0, 2, 3, 1]);
  return shape.transpose(layerNorm(pixels, scale, bias, epsilon), [0, 3, 1, 2]);
}

/**
 * Group normalisation, as PyTorch's: over the pixels and channels of each group of each image.
 * @param x [N, C, H, W]
 * @param scale [C]
 * @param bias [C]
 */
export function groupNorm(x: Value, groups: number, scale: Value, bias: Value, epsilon: number): Value {
  const grouped = [x.shape[0] ?? 1, groups, -1];
  const normal = shape.reshape(standardise(shape.reshape(x, grouped), epsilon), x.shape);
  return addOp(mulOp(normal, shape.reshape(scale, [-1, 1, 1])), shape.reshape(bias, [-1, 1, 1]));
}

/** Zero mean and unit variance over the last axis. */
function standardise(x: Value, epsilon: number): Value {
  const graph = x.graph;
  const last = { axes: [-1], keepDims: true };
  const centred = sub(x, mean(x, last));
  const variance = mean(mul(centred, centred), last);
  const deviation = graph.emit('Sqrt', [add(variance, epsilon)], { shape: variance.shape });
  const y = div(centred, deviation);
  graph.record([x], [y], ([dy]) => [dy && normalisedGradient(dy, y, div(graph.scalar(1), deviation))]);
  return y;
}
