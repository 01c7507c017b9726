import { add, reshape, spaceToDepth } from '../../graph/ops/index.ts';
import type { Value } from '../../graph/graph.ts';
import { convBlock } from '../conv-block.ts';
import { withLocalContrast } from '../local-contrast.ts';
import { STEM_BLOCK, isGlobalBlock, mlpHiddenDim } from '../sam-config.ts';
import type { SamConfig } from '../sam-config.ts';
import type { Scope } from '../scope.ts';
import type { Stage } from '../segmentation-model.ts';
import {
  CHANNELS_EPSILON,
  ENCODER_EPSILON,
  channelsFirst,
  channelsLast,
  mlp,
  norm,
  rowsOf,
} from './layers.ts';
import { windowedAttention } from './windowed-attention.ts';

/** What the stages of one encoder have in common. */
interface EncoderSize {
  readonly config: SamConfig;
  readonly batchSize: number;
  /** Tokens along each side of the image. */
  readonly side: number;
}

/**
 * SAM's image encoder (Kirillov et al., Segment Anything, 2023, appendix A; a plain ViT with windows, after Li et al.,
 * ViTDet, 2022) as a chain of stages from `image` [B, 3, S, S] to the image embedding. All activations are tokens
 * [B, side, side, channels].
 */
export function imageEncoderStages(config: SamConfig, batchSize: number, imageSize: number): Stage[] {
  const size = { config, batchSize, side: imageSize / config.patchSize };
  const blocks = Array.from({ length: config.depth }, (_, i) => block(size, i));
  return [patchEmbedding(size, imageSize), ...blocks, neck(size)];
}

function patchEmbedding({ config, batchSize, side }: EncoderSize, imageSize: number): Stage {
  return {
    name: 'embed',
    prefix: 'image_encoder.',
    batchInputs: [{ name: 'image', shape: [batchSize, 3, imageSize, imageSize] }],
    activation: undefined,
    build(scope, _, { image }) {
      if (!image) throw new RangeError('The embedding reads "image".');
      const patches = embedPatches(scope.within('patch_embed'), config, image);
      return add(channelsLast(patches), scope.tensor('pos_embed', [1, side, side, config.embedDim]));
    },
  };
}

/** [B, 3, S, S] -> [B, embedDim, side, side] */
function embedPatches(scope: Scope, { embedDim, patchSize, stem }: SamConfig, image: Value): Value {
  if (!stem) return scope.conv('proj', image, embedDim, patchSize, { stride: patchSize });
  const layers = scope.within('stem');
  const seen = stem.reduce(
    (x, width, i) => convBlock(layers, i, x, width, i === 0 ? 1 : 2),
    spaceToDepth(withLocalContrast(image), STEM_BLOCK),
  );
  return scope.conv('proj', seen, embedDim, 1);
}

function block({ config, batchSize, side }: EncoderSize, index: number): Stage {
  const { embedDim, numHeads, windowSize } = config;
  const window = isGlobalBlock(config, index) ? side : windowSize;
  const shape = [batchSize, side, side, embedDim];
  return {
    name: `blocks.${index}`,
    prefix: `image_encoder.blocks.${index}.`,
    batchInputs: [],
    activation: shape,
    build(scope, activation) {
      const x = rowsOf(given(activation));
      const grid = { batch: batchSize, side, window, heads: numHeads };
      const normed = norm(scope, 'norm1', x, ENCODER_EPSILON);
      const attended = add(x, windowedAttention(scope.within('attn'), normed, grid));
      return reshape(add(attended, feedForward(scope, attended, config)), shape);
    },
  };
}

function feedForward(scope: Scope, x: Value, config: SamConfig): Value {
  return mlp(scope.within('mlp'), norm(scope, 'norm2', x, ENCODER_EPSILON), mlpHiddenDim(config), 'gelu');
}

function neck({ config, batchSize, side }: EncoderSize): Stage {
  const { embedDim, outChans } = config;
  return {
    name: 'neck',
    prefix: 'image_encoder.neck.',
    batchInputs: [],
    activation: [batchSize, side, side, embedDim],
    build(scope, activation) {
      const narrowed = channelsLast(
        scope.conv('0', channelsFirst(given(activation)), outChans, 1, { bias: false }),
      );
      const normed = channelsFirst(norm(scope, '1', narrowed, CHANNELS_EPSILON));
      const mixed = channelsLast(scope.conv('2', normed, outChans, 3, { padding: 1, bias: false }));
      return norm(scope, '3', mixed, CHANNELS_EPSILON);
    },
  };
}

function given(activation: Value | undefined): Value {
  if (!activation) throw new RangeError('This stage takes the activation of the stage before.');
  return activation;
}
