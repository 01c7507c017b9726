/** What the convolutional parts are made of: a convolution, group normalisation (Wu and He, 2018) and ReLU. */
import { groupNorm, relu } from '../graph/ops/index.ts';
import type { Value } from '../graph/graph.ts';
import { floatTensor, sizeOf } from '../graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../graph/tensor.ts';
import type { Random } from '../protocol/random.ts';
import type { Scope } from './scope.ts';

const LARGEST_GROUP_COUNT = 8;
const NORM_EPSILON = 1e-5;

/** `conv<index>` (3 x 3, no bias), `norm<index>`, ReLU. x [N, C, H, W] -> [N, out, H / stride, W / stride] */
export function convBlock(scope: Scope, index: number, x: Value, outChannels: number, stride = 1): Value {
  const y = scope.conv(`conv${index}`, x, outChannels, 3, { padding: 1, stride, bias: false });
  const scale = scope.tensor(`norm${index}.weight`, [outChannels]);
  const bias = scope.tensor(`norm${index}.bias`, [outChannels]);
  return relu(groupNorm(y, groupCount(outChannels), scale, bias, NORM_EPSILON));
}

/** Two of them, `1` and `2`. */
export function convBlocks(scope: Scope, x: Value, outChannels: number): Value {
  return convBlock(scope, 2, convBlock(scope, 1, x, outChannels), outChannels);
}

/**
 * What such layers start from: convolutions normal with variance 2 / inputs (He et al., 2015), norms the identity,
 * biases zero. Told apart by their names.
 */
export function initialConvWeights(specs: readonly TensorSpec[], random: Random): Map<string, FloatTensor> {
  return new Map(
    specs.map(({ name, shape }) => {
      const values = new Float32Array(sizeOf(shape));
      if (/(?:^|\.)norm\d+\.weight$/.test(name)) {
        values.fill(1);
      } else if (!name.endsWith('.bias')) {
        const spread = Math.sqrt(2 / sizeOf(shape.slice(1)));
        for (let i = 0; i < values.length; i++) values[i] = spread * random.normal();
      }
      return [name, floatTensor(shape, values)];
    }),
  );
}

/** The most groups up to eight that divide the channels. */
function groupCount(channelCount: number): number {
  for (let groups = LARGEST_GROUP_COUNT; groups > 1; groups--) {
    if (channelCount % groups === 0) return groups;
  }
  return 1;
}
