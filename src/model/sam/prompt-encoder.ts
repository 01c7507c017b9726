import * as ops from '../../graph/ops/index.ts';
import type { Value } from '../../graph/graph.ts';
import type { TensorSpec } from '../../graph/tensor.ts';
import type { SamConfig } from '../sam-config.ts';
import type { Scope } from '../scope.ts';
import { CHANNELS_EPSILON, DECODER_EPSILON, channelsFirst, channelsLast, norm, rowsOf } from './layers.ts';
import { POINT_TYPES } from './points.ts';

/** Which prompts a model takes. Without any, it segments what it would without being asked. */
export interface SamPrompts {
  /** A text embedding, as one token: batch input `text_embedding` [B, textDim]. */
  readonly text: boolean;
  /**
   * Number of point tokens P, corners of boxes and padding included (see `encodePoints`): batch inputs
   * `point_encoding` [B, P, C] and `point_types` [B, P, 5]. Default: 0.
   */
  readonly points?: number;
  /** A mask at a quarter of the image's size, as logits: batch input `mask_input` [B, 1, S/4, S/4]. Default: false. */
  readonly mask?: boolean;
}

type Batch = Readonly<Record<string, Value>>;

export function promptInputs(
  config: SamConfig,
  { text, points = 0, mask = false }: SamPrompts,
  batchSize: number,
  side: number,
): TensorSpec[] {
  return [
    ...(text ? [{ name: 'text_embedding', shape: [batchSize, config.textDim] }] : []),
    ...(points > 0
      ? [
          { name: 'point_encoding', shape: [batchSize, points, config.promptEmbedDim] },
          { name: 'point_types', shape: [batchSize, points, POINT_TYPES] },
        ]
      : []),
    ...(mask ? [{ name: 'mask_input', shape: [batchSize, 1, 4 * side, 4 * side] }] : []),
  ];
}

/** Tokens [B, n, C] of the text, which comes first, and of the points, as far as the model takes them. */
export function sparsePrompts(scope: Scope, config: SamConfig, batch: Batch, prompts: SamPrompts): Value[] {
  const tokens: Value[] = [];
  if (prompts.text) {
    tokens.push(textToken(scope.within('text_affine'), config, read(batch, 'text_embedding')));
  }
  if ((prompts.points ?? 0) > 0) {
    const types = read(batch, 'point_types');
    tokens.push(pointTokens(scope.within('prompt_encoder'), config, read(batch, 'point_encoding'), types));
  }
  return tokens;
}

function read(batch: Batch, name: string): Value {
  const value = batch[name];
  if (!value) throw new RangeError(`The decoder reads "${name}".`);
  return value;
}

/** The text affine layer of SALT and S-SAM: Linear, ReLU and, in place of batch norm, layer norm. */
function textToken(scope: Scope, config: SamConfig, text: Value): Value {
  const [batchSize = 0] = text.shape;
  const token = ops.relu(scope.linear('0', text, config.promptEmbedDim));
  return ops.reshape(norm(scope, '2', token, DECODER_EPSILON), [batchSize, 1, config.promptEmbedDim]);
}

function pointTokens(scope: Scope, config: SamConfig, encoding: Value, types: Value): Value {
  const row = [1, config.promptEmbedDim];
  const embeddings = [
    ...[0, 1, 2, 3].map((type) => scope.tensor(`point_embeddings.${type}.weight`, row)),
    scope.tensor('not_a_point_embed.weight', row),
  ];
  return ops.add(encoding, ops.matmul(types, ops.concat(embeddings, 0)));
}

/** What is added to the image embedding: [B, side^2, C] for a mask prompt, [1, C] without one. */
export function densePrompt(scope: Scope, config: SamConfig, batch: Batch, prompts: SamPrompts): Value {
  const { promptEmbedDim, maskInChans } = config;
  if (!prompts.mask) return scope.tensor('no_mask_embed.weight', [1, promptEmbedDim]);
  const mask = read(batch, 'mask_input');
  const layers = scope.within('mask_downscaling');
  const half = { stride: 2 };
  const first = channelsLast(layers.conv('0', mask, maskInChans / 4, 2, half));
  const second = channelsFirst(ops.gelu(norm(layers, '1', first, CHANNELS_EPSILON)));
  const third = channelsLast(layers.conv('3', second, maskInChans, 2, half));
  const fourth = channelsFirst(ops.gelu(norm(layers, '4', third, CHANNELS_EPSILON)));
  const dense = channelsLast(layers.conv('6', fourth, promptEmbedDim, 1));
  return ops.reshape(rowsOf(dense), [mask.shape[0] ?? 0, -1, promptEmbedDim]);
}
