/** Which of a model's own tensors every method trains beside its adapters (arXiv 2503.16055, section 3). */
import { DETAIL_PREFIX } from '../model/detail/index.ts';

/** `norm1`, `norm_final_attn`, ...: also what a U-Net calls its normalisations. */
const NAMED_NORM = /(?:^|\.)norm[^.]*\.(?:weight|bias)$/;
/** Layer norms that Meta's names hide in a sequence. */
const NUMBERED_NORM = /^(?:image_encoder\.neck\.[13]|mask_decoder\.output_upscaling\.1)\.(?:weight|bias)$/;
const POSITIONS = 'image_encoder.pos_embed';
const TEXT_AFFINE = /^text_affine\./;
/** The fixed frequencies of SAM's positional encoding and what is computed from them: no parameters. */
const BUFFER = /^prompt_encoder\.pe_layer\./;

/** What a trained tensor is, for the tables. */
export type TensorGroup = 'norms' | 'positions' | 'textAffine' | 'detail' | 'adapter' | 'weights';

const ADAPTER_TENSOR = /\.(?:salt\.(?:alpha|beta|X|Y)|lora\.[AB])$/;

/** @param name a tensor's name in the checkpoint; undefined for a buffer */
export function tensorGroup(name: string): TensorGroup | undefined {
  if (BUFFER.test(name)) return undefined;
  if (ADAPTER_TENSOR.test(name)) return 'adapter';
  // Draws what SAM's grid is too coarse for: small, and trained with every method.
  if (name.startsWith(DETAIL_PREFIX)) return 'detail';
  if (name === POSITIONS) return 'positions';
  if (TEXT_AFFINE.test(name)) return 'textAffine';
  return NAMED_NORM.test(name) || NUMBERED_NORM.test(name) ? 'norms' : 'weights';
}
