import { SaltError } from '../../protocol/errors.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import { isGlobalBlock } from '../sam-config.ts';
import type { SamConfig } from '../sam-config.ts';
import { densePositions } from './points.ts';
import { resizeGrid, resizeRows } from './resize-positions.ts';

/** SAM's frequencies of positional encodings, [2, C / 2]: read on the host only. */
export const GAUSSIAN_MATRIX = 'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix';
/** Derived from them for one image size: the encoding of every token, [side^2, C]. */
export const DENSE_POSITIONS = 'prompt_encoder.pe_layer.dense';
export const POSITION_EMBEDDING = 'image_encoder.pos_embed';

/**
 * The tensors that `samModel` reads at an image size: those of a checkpoint, with both position tables resized where
 * it was made for another size, and the dense positional encoding. Tensors that need no change are passed on as they
 * are, others that the model does not know too. The position embedding is resized as by
 * `torch.nn.functional.interpolate(mode='bilinear', align_corners=False)`, the usual way of running SAM at another
 * size; relative positions as in Meta's `get_rel_pos`, `interpolate(mode='linear')`.
 *
 * @param weights under Meta's names
 * @param imageSize side of the square input in pixels
 * @throws SaltError `CHECKPOINT_MISMATCH` if a table that must be read is absent or misshapen
 */
export function prepareSamWeights(
  weights: ReadonlyMap<string, FloatTensor>,
  config: SamConfig,
  imageSize: number,
): Map<string, FloatTensor> {
  const side = imageSize / config.patchSize;
  const prepared = new Map(weights);
  const positions = tableOf(weights, POSITION_EMBEDDING, 4);
  prepared.set(POSITION_EMBEDDING, resizeGrid(positions, side));
  for (let i = 0; i < config.depth; i++) {
    const window = isGlobalBlock(config, i) ? side : config.windowSize;
    for (const axis of ['h', 'w']) {
      const name = `image_encoder.blocks.${i}.attn.rel_pos_${axis}`;
      prepared.set(name, resizeRows(tableOf(weights, name, 2), 2 * window - 1));
    }
  }
  prepared.set(DENSE_POSITIONS, densePositions(tableOf(weights, GAUSSIAN_MATRIX, 2), side));
  return prepared;
}

function tableOf(weights: ReadonlyMap<string, FloatTensor>, name: string, rank: number): FloatTensor {
  const table = weights.get(name);
  if (table?.shape.length !== rank || table.data.length === 0) {
    const found = table ? `has shape [${table.shape.join(', ')}]` : 'is missing';
    throw new SaltError('CHECKPOINT_MISMATCH', `The checkpoint's tensor ${name} ${found}.`, { tensor: name });
  }
  return table;
}
