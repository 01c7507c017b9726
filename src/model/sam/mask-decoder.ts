import * as ops from '../../graph/ops/index.ts';
import type { Value } from '../../graph/graph.ts';
import type { SamConfig } from '../sam-config.ts';
import type { Scope } from '../scope.ts';
import { CHANNELS_EPSILON, norm, reluChain } from './layers.ts';
import { twoWayTransformer } from './two-way-transformer.ts';

/** `single`: the mask of an unambiguous prompt. `all`: that one and those of an ambiguous prompt. */
export type SamOutputs = 'single' | 'all';

export interface DecodedMasks {
  /** [B, masks, 4 side, 4 side] */
  readonly logits: Value;
  /** Predicted overlap of each mask with the truth, [B, masks]. Formed for `all` only. */
  readonly iou: Value | undefined;
  /** The first mask's token after the transformer, [B, C]. */
  readonly maskToken: Value;
  /** The upscaled image embedding, [B, C / 8, 4 side, 4 side]. Of no cost unless it is used. */
  maskFeatures(): Value;
}

export function maskCount(config: SamConfig, outputs: SamOutputs): number {
  return outputs === 'all' ? config.numMultimaskOutputs + 1 : 1;
}

/**
 * SAM's mask decoder: each output token attends to image and prompts, and becomes the weights that turn the upscaled
 * image embedding into its mask.
 *
 * @param image the image embedding with the dense prompt added, [B, side^2, C]
 * @param positions of the image's tokens, [side^2, C]
 * @param sparse prompt tokens [B, n, C]
 */
export function decodeMasks(
  scope: Scope,
  config: SamConfig,
  outputs: SamOutputs,
  image: Value,
  positions: Value,
  sparse: readonly Value[],
): DecodedMasks {
  const [batch = 0, area = 0, channels = 0] = image.shape;
  const masks = maskCount(config, outputs);
  const own = ops.concat(
    [
      scope.tensor('iou_token.weight', [1, channels]),
      scope.tensor('mask_tokens.weight', [config.numMultimaskOutputs + 1, channels]),
    ],
    0,
  );
  const ownTokens = ops.expand(ops.reshape(own, [1, -1, channels]), [batch, own.shape[0] ?? 0, channels]);
  const tokens = ops.concat([ownTokens, ...sparse], 1);
  const decoded = twoWayTransformer(scope.within('transformer'), config, { tokens, image }, positions);
  const token = (index: number): Value =>
    ops.reshape(ops.slice(decoded.tokens, [{ axis: 1, start: index, end: index + 1 }]), [batch, channels]);

  const weights = Array.from({ length: masks }, (_, i) => {
    const widths = [channels, channels, channels / 8];
    const row = reluChain(scope.within(`output_hypernetworks_mlps.${i}`), token(1 + i), widths);
    return ops.reshape(row, [batch, channels / 8, 1]);
  });
  const pixels = upscale(scope.within('output_upscaling'), decoded.image);
  const rows = ops.reshape(pixels, [batch, area * 16, channels / 8]);
  const logits = ops.matmul(rows, ops.concat(weights, 2));
  const side = Math.sqrt(area);
  const { iouHeadDepth, iouHeadHiddenDim, numMultimaskOutputs } = config;
  const iouWidths = [...new Array<number>(iouHeadDepth - 1).fill(iouHeadHiddenDim), numMultimaskOutputs + 1];
  return {
    logits: assemble(logits, side),
    iou: outputs === 'all' ? reluChain(scope.within('iou_prediction_head'), token(0), iouWidths) : undefined,
    maskToken: token(1),
    maskFeatures: () => assemble(rows, side),
  };
}

/**
 * Two transposed convolutions with stride 2 and kernel 2. Their blocks do not overlap, so every pixel of the result
 * depends on one token alone: rather than moving pixels to their places after each, they are left in the order
 * (token, quadrant, quadrant within it) until the mask is formed, which has far fewer channels.
 *
 * @param image [B, side^2, C]
 * @returns [B, side^2, 4, 4, C / 8]
 */
function upscale(scope: Scope, image: Value): Value {
  const channels = image.shape[2] ?? 0;
  const first = quadrants(scope.within('0'), image, channels / 4);
  const activated = ops.gelu(norm(scope, '1', first, CHANNELS_EPSILON));
  return ops.gelu(quadrants(scope.within('3'), activated, channels / 8));
}

/** A transposed convolution of each pixel by itself: [..., in] -> [..., 4, out], quadrants row by row. */
function quadrants(scope: Scope, x: Value, outChannels: number): Value {
  const inChannels = x.shape[x.shape.length - 1] ?? 0;
  const kernel = scope.tensor('weight', [inChannels, outChannels, 2, 2]);
  const weight = ops.reshape(ops.transpose(kernel, [0, 2, 3, 1]), [inChannels, 4 * outChannels]);
  const product = ops.gemm(ops.reshape(x, [-1, inChannels]), weight);
  const shape = [...x.shape.slice(0, -1), 4, outChannels];
  return ops.add(ops.reshape(product, shape), scope.tensor('bias', [outChannels]));
}

/** [B, side^2 x 4 x 4, planes] in the order of `upscale` -> [B, planes, 4 side, 4 side] */
function assemble(rows: Value, side: number): Value {
  const [batch = 0, , planes = 0] = rows.shape;
  const parts = ops.reshape(rows, [batch, side, side, 2, 2, 2, 2, planes]);
  return ops.reshape(ops.transpose(parts, [0, 7, 1, 3, 5, 2, 4, 6]), [batch, planes, 4 * side, 4 * side]);
}
