/** Which SAM a checkpoint holds, from the shapes of its tensors alone (named as Meta names them). */
import type { Shape } from '../../graph/tensor.ts';
import { SaltError } from '../../protocol/errors.ts';
import { faultsOf } from '../../protocol/faults.ts';
import { SAM_VIT_B, samConfigSchema, type SamConfig } from '../sam-config.ts';

type Shapes = ReadonlyMap<string, Shape>;

const BLOCK = /^image_encoder\.blocks\.(\d+)\./;

/**
 * What the shapes do not show is taken as published: the decoder's heads (8, or as many as divide its width). Where
 * a tensor is missing or odd, others tell, so that a damaged checkpoint can still be compared with what it should be.
 * @throws SaltError `CHECKPOINT_MISMATCH` when there is no SAM image encoder, or no SAM could have such shapes
 */
export function inferSamConfig(shapes: Shapes): SamConfig {
  const dim = (name: string, axis: number): number | undefined => shapes.get(name)?.[axis];
  const depth = countIndexed(shapes, BLOCK);
  const embedDim =
    dim('image_encoder.pos_embed', 3) ??
    dim('image_encoder.patch_embed.proj.weight', 0) ??
    dim('image_encoder.blocks.0.norm1.weight', 0);
  if (depth === 0 || embedDim === undefined) {
    throw new SaltError('CHECKPOINT_MISMATCH', 'The checkpoint holds no SAM: it has no image encoder.', {
      names: [...shapes.keys()].slice(0, 20),
    });
  }
  const blocks = Array.from({ length: depth }, (_, index) => `image_encoder.blocks.${index}`);
  const patchSize = dim('image_encoder.patch_embed.proj.weight', 2) ?? SAM_VIT_B.patchSize;
  const grid = dim('image_encoder.pos_embed', 1) ?? SAM_VIT_B.imageSize / patchSize;
  const outChans =
    dim('image_encoder.neck.0.weight', 0) ?? dim('mask_decoder.iou_token.weight', 1) ?? SAM_VIT_B.outChans;
  const headDim = mostCommon(blocks.map((block) => dim(`${block}.attn.rel_pos_h`, 1))) ?? 64;
  const hidden = mostCommon(blocks.map((block) => dim(`${block}.mlp.lin1.weight`, 0)));
  const candidate: SamConfig = {
    depth,
    embedDim,
    numHeads: embedDim / headDim,
    imageSize: grid * patchSize,
    patchSize,
    ...attentionKinds(blocks, shapes, grid),
    outChans,
    mlpRatio: hidden === undefined ? SAM_VIT_B.mlpRatio : hidden / embedDim,
    decoderMlpDim: dim('mask_decoder.transformer.layers.0.mlp.lin1.weight', 0) ?? SAM_VIT_B.decoderMlpDim,
    decoderNumHeads: [8, 4, 2].find((heads) => (outChans / 2) % heads === 0) ?? 1,
    decoderDepth:
      countIndexed(shapes, /^mask_decoder\.transformer\.layers\.(\d+)\./) || SAM_VIT_B.decoderDepth,
    promptEmbedDim: outChans,
    maskInChans: dim('prompt_encoder.mask_downscaling.3.weight', 0) ?? SAM_VIT_B.maskInChans,
    numMultimaskOutputs: (dim('mask_decoder.mask_tokens.weight', 0) ?? SAM_VIT_B.numMultimaskOutputs + 1) - 1,
    iouHeadDepth:
      countIndexed(shapes, /^mask_decoder\.iou_prediction_head\.layers\.(\d+)\./) || SAM_VIT_B.iouHeadDepth,
    iouHeadHiddenDim:
      dim('mask_decoder.iou_prediction_head.layers.0.weight', 0) ?? SAM_VIT_B.iouHeadHiddenDim,
    textDim: dim('text_affine.0.weight', 1) ?? SAM_VIT_B.textDim,
  };
  const checked = samConfigSchema.safeParse(candidate);
  if (checked.success) return checked.data;
  const faults = faultsOf(checked.error);
  throw new SaltError('CHECKPOINT_MISMATCH', `No SAM has tensors of these shapes: ${faults.join('; ')}.`, {
    faults,
  });
}

/**
 * A table of relative positions has 2 * extent - 1 rows. Blocks whose extent is the grid's attend globally, the
 * others in windows. When no extent is the grid's (a table left at another size) the longer ones are global.
 */
function attentionKinds(
  blocks: readonly string[],
  shapes: Shapes,
  grid: number,
): Pick<SamConfig, 'windowSize' | 'globalAttnIndexes'> {
  const extents = blocks.map((block) => {
    const rows = shapes.get(`${block}.attn.rel_pos_h`)?.[0];
    return rows === undefined || rows % 2 === 0 ? undefined : (rows + 1) / 2;
  });
  const known = extents.filter((extent) => extent !== undefined);
  const distinct = new Set(known);
  const longest = known.reduce((most, extent) => Math.max(most, extent), 0);
  const globalExtent = distinct.has(grid) || distinct.size < 2 ? grid : longest;
  return {
    windowSize: mostCommon(known.filter((extent) => extent !== globalExtent)) ?? 0,
    globalAttnIndexes: extents.flatMap((extent, index) => (extent === globalExtent ? [index] : [])),
  };
}

/** One more than the greatest index in the names, but never more than there are names. */
function countIndexed(shapes: Shapes, pattern: RegExp): number {
  let count = 0;
  for (const name of shapes.keys()) {
    const index = pattern.exec(name)?.[1];
    if (index !== undefined) count = Math.max(count, Number(index) + 1);
  }
  return Math.min(count, shapes.size);
}

function mostCommon(values: readonly (number | undefined)[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
