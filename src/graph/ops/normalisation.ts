import type { Value } from '../graph.ts';
import { SaltError } from '../../protocol/errors.ts';
import { add, div, mul, sqrt, sub } from '../primitives/elementwise.ts';
import { mean, reduceTo, sum } from '../primitives/reduce.ts';
import { expand, reshape } from '../primitives/shape.ts';

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

/**
 * Group normalisation, as PyTorch's: over the pixels and channels of each group of each image.
 *
 * Everything but the sums is an affine function of each channel of each image, so that both directions are a few
 * passes over the pixels.
 * @param x [N, C, H, W]
 * @param scale [C]
 * @param bias [C]
 */
export function groupNorm(x: Value, groups: number, scale: Value, bias: Value, epsilon: number): Value {
  const graph = x.graph;
  const [n = 0, channels = 0, height = 0, width = 0] = x.shape;
  const members = channels / groups;
  const pixels = height * width;
  if (!Number.isInteger(members)) {
    throw new SaltError('GRAPH_INVALID', `${channels} channels do not make ${groups} equal groups.`);
  }
  const perGroup = [n * groups, members * pixels];
  const perChannel = [n * channels, pixels];
  const last = { axes: [1], keepDims: true };
  /** [C] for every image: [N, groups, members]. */
  const repeated = (v: Value): Value => expand(reshape(v, [1, groups, members]), [n, groups, members]);

  const grouped = reshape(x, perGroup);
  const centred = sub(grouped, mean(grouped, last));
  const variance = mean(mul(centred, centred), last);
  const inverse = reshape(div(graph.scalar(1), sqrt(add(variance, epsilon))), [n, groups, 1]);
  const factor = reshape(mul(repeated(scale), inverse), [n * channels, 1]);
  const channelwise = reshape(centred, perChannel);
  const shift = reshape(repeated(bias), [n * channels, 1]);
  const y = reshape(add(mul(channelwise, factor), shift), x.shape);

  graph.record([x, scale, bias], [y], ([dOutput], [needX, needScale, needBias]) => {
    if (!dOutput) return [];
    const dy = reshape(dOutput, perChannel);
    /** [N, groups, members]: sums over the pixels of each channel, of dy and of dy times the normalised x. */
    const sums = reshape(sum(dy, last), [n, groups, members]);
    const products = mul(reshape(sum(mul(dy, channelwise), last), [n, groups, members]), inverse);
    const overImages = (v: Value): Value => reshape(sum(v, { axes: [0] }), [channels]);

    const dx = (): Value => {
      const average = (v: Value): Value =>
        mul(sum(mul(v, repeated(scale)), { axes: [2], keepDims: true }), 1 / (members * pixels));
      const slope = mul(mul(average(products), inverse), inverse);
      const perImageChannel = (v: Value): Value =>
        reshape(expand(v, [n, groups, members]), [n * channels, 1]);
      const straight = add(mul(dy, factor), perImageChannel(mul(mul(average(sums), inverse), -1)));
      return reshape(sub(straight, mul(channelwise, perImageChannel(slope))), x.shape);
    };
    return [
      needX ? dx() : undefined,
      needScale ? overImages(products) : undefined,
      needBias ? overImages(sums) : undefined,
    ];
  });
  return y;
}
