/**
 * SAM with a detail head. SAM forms its masks on a grid of a quarter of its input, which cannot hold thin vessels. The
 * head is a small U-Net over the image at full resolution. It sees SAM's mask features where its own grid is theirs, and
 * the mask token and the word choose, through a hypernetwork as in SAM's own decoder, how its features become a correction
 * of SAM's logits: thus the prompt chooses the structure, and the head draws it.
 */
import * as ops from '../../graph/ops/index.ts';
import type { Value } from '../../graph/graph.ts';
import { sizeOf } from '../../graph/tensor.ts';
import type { Shape } from '../../graph/tensor.ts';
import { repeatRows } from '../repeat-rows.ts';
import { reluChain } from '../sam/layers.ts';
import { promptInputs } from '../sam/prompt-encoder.ts';
import type { SamPrompts } from '../sam/prompt-encoder.ts';
import { answerPrompt, samModel } from '../sam/sam-model.ts';
import type { Answer } from '../sam/sam-model.ts';
import type { SamConfig } from '../sam-config.ts';
import type { Scope } from '../scope.ts';
import type { SegmentationModel, Stage } from '../segmentation-model.ts';
import { channelsAt, contract, expand, requireMultiple } from '../unet.ts';
import { joinLevel } from './config.ts';
import type { DetailConfig } from './config.ts';

export interface DetailModelOptions {
  /** Images. */
  readonly batchSize: number;
  /** Side of the square input in pixels; a multiple of `detailMultiple`. */
  readonly imageSize: number;
  readonly prompts: SamPrompts;
  /** Prompts for each image, one after the other in the batch of the prompt stage. Default: 1. */
  readonly promptsPerImage?: number;
  /**
   * `corrected`: one mask. `both`: that one and SAM's own, enlarged; training both teaches SAM to stand alone.
   * Default: `corrected`.
   */
  readonly outputs?: 'corrected' | 'both';
}

/** The names of the head's tensors start with this. */
export const DETAIL_PREFIX = 'detail.';

/** @throws SaltError `INVALID_ARGUMENT` when the image size or the two parts do not fit */
export function detailModel(
  config: SamConfig,
  detail: DetailConfig,
  options: DetailModelOptions,
): SegmentationModel {
  const { batchSize, imageSize, prompts, promptsPerImage = 1, outputs = 'corrected' } = options;
  requireMultiple(detail, imageSize);
  const sam = samModel(config, { batchSize, imageSize, prompts });
  const side = imageSize / config.patchSize;
  const shapes = packedShapes(config, detail, side);
  const packed = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const answers = batchSize * promptsPerImage;
  const promptStage: Stage = {
    name: 'decoder',
    prefix: '',
    batchInputs: promptInputs(config, prompts, answers, side),
    activation: [batchSize, packed],
    build(scope, activation, batch) {
      if (!activation) throw new RangeError('The decoder takes the features of the image.');
      const [embedding, ...features] = unpack(repeatRows(activation, promptsPerImage), shapes);
      if (!embedding) throw new RangeError('The image embedding is missing.');
      const decoded = answerPrompt(scope, config, { prompts, outputs: 'single' }, embedding, batch);
      const head = scope.within('detail');
      const fine = refine(head, config, detail, features, decoded.maskFeatures());
      const coarse = ops.resizeBilinear(decoded.logits, imageSize, imageSize);
      const corrected = ops.add(coarse, correction(head, detail, fine, askedFor(decoded)));
      return outputs === 'both' ? ops.concat([corrected, coarse], 1) : corrected;
    },
  };
  return {
    imageStages: [...sam.imageStages, imageStage(config, detail, batchSize, imageSize)],
    promptStage,
    batchSize: answers,
    imageSize,
    logitsShape: [answers, outputs === 'both' ? 2 : 1, imageSize, imageSize],
  };
}

/** Takes the image embedding, and passes it on together with all that the head can know before it is asked. */
function imageStage(config: SamConfig, detail: DetailConfig, batchSize: number, imageSize: number): Stage {
  const side = imageSize / config.patchSize;
  const join = joinLevel(detail, config);
  return {
    name: 'detail',
    prefix: '',
    batchInputs: [{ name: 'image', shape: [batchSize, 3, imageSize, imageSize] }],
    activation: [batchSize, side, side, config.outChans],
    build(scope, embedding, { image }) {
      if (!embedding || !image) throw new RangeError('The detail head reads the image and its embedding.');
      const head = scope.within('detail');
      const { skips, bottom } = contract(head, detail, image);
      let x = bottom;
      for (let level = detail.poolings - 1; level >= join; level--) {
        x = expand(head, detail, level, x, skipAt(skips, level));
      }
      const parts = [embedding, x, ...skips.slice(0, join)];
      return ops.concat(
        parts.map((part) => ops.reshape(part, [batchSize, -1])),
        1,
      );
    },
  };
}

/** What the image stage passes on, for one image: embedding, features at the join, finer skips. */
function packedShapes(config: SamConfig, detail: DetailConfig, side: number): Shape[] {
  const join = joinLevel(detail, config);
  const grid = 4 * side;
  const skips = Array.from({ length: join }, (_, level) => {
    const finer = grid * 2 ** (join - level);
    return [channelsAt(detail, level), finer, finer];
  });
  return [[side, side, config.outChans], [channelsAt(detail, join), grid, grid], ...skips];
}

function unpack(packed: Value, shapes: readonly Shape[]): Value[] {
  const [count = 0] = packed.shape;
  const parts = ops.split(packed, shapes.map(sizeOf), 1);
  return parts.map((part, i) => ops.reshape(part, [count, ...(shapes[i] ?? [])]));
}

/** Joins SAM's mask features, and goes on to the finest grid: [B, features, S / fold, S / fold]. */
function refine(
  head: Scope,
  config: SamConfig,
  detail: DetailConfig,
  [joined, ...skips]: readonly Value[],
  maskFeatures: Value,
): Value {
  const join = joinLevel(detail, config);
  if (!joined) throw new RangeError('The features at the join are missing.');
  let x = ops.add(joined, head.conv('join', maskFeatures, channelsAt(detail, join), 1));
  for (let level = join - 1; level >= 0; level--) {
    x = expand(head, detail, level, x, skipAt(skips, level));
  }
  return x;
}

/**
 * What the prompt chose, [B, C]: the mask token with the word itself beside it. The token alone carries a word through two
 * layers of attention, which 1,400 steps of pretraining had not opened: all words drew the same.
 */
function askedFor({ maskToken, word }: Answer): Value {
  return word ? ops.add(maskToken, word) : maskToken;
}

/** The choice's weights over the finest features: [B, 1, S, S]. */
function correction(head: Scope, { features, fold }: DetailConfig, fine: Value, chosen: Value): Value {
  const [count = 0, , height = 0, width = 0] = fine.shape;
  const [, channels = 0] = chosen.shape;
  const kernel = reluChain(head.within('hyper'), chosen, [channels, channels, fold ** 2 * features]);
  const product = ops.matmul(
    ops.reshape(kernel, [count, fold ** 2, features]),
    ops.reshape(fine, [count, features, height * width]),
  );
  const logits = ops.reshape(product, [count, fold ** 2, height, width]);
  return fold === 1 ? logits : ops.depthToSpace(logits, fold);
}

function skipAt(skips: readonly Value[], level: number): Value {
  const skip = skips[level];
  if (!skip) throw new RangeError(`Level ${level} was not visited on the way down.`);
  return skip;
}
