/**
 * The names that transformers' `SamModel` gives SAM's tensors, turned into Meta's. The tensors themselves are the
 * same; only iou_prediction_head and the hypernetworks number their layers otherwise (proj_in, layers.0, ...,
 * proj_out for layers 0, 1, ..., last).
 */

const SHARED_POSITIONS = 'shared_image_embedding.positional_embedding';
/** The same matrix once more, in files whose writer did not leave it out. */
const SHARED_POSITIONS_COPY = 'prompt_encoder.shared_embedding.positional_embedding';

/** Patterns in Hugging Face's names and what Meta has in their place. All that apply are applied, in order. */
const RENAMINGS: readonly (readonly [RegExp, string])[] = [
  [/^vision_encoder\.layers\./, 'image_encoder.blocks.'],
  [/^vision_encoder\./, 'image_encoder.'],
  [/^(image_encoder\.patch_embed)\.projection\./, '$1.proj.'],
  [/^(image_encoder\.neck)\.conv1\./, '$1.0.'],
  [/^(image_encoder\.neck)\.layer_norm1\./, '$1.1.'],
  [/^(image_encoder\.neck)\.conv2\./, '$1.2.'],
  [/^(image_encoder\.neck)\.layer_norm2\./, '$1.3.'],
  [/^prompt_encoder\.point_embed\./, 'prompt_encoder.point_embeddings.'],
  [/^prompt_encoder\.mask_embed\.conv1\./, 'prompt_encoder.mask_downscaling.0.'],
  [/^prompt_encoder\.mask_embed\.layer_norm1\./, 'prompt_encoder.mask_downscaling.1.'],
  [/^prompt_encoder\.mask_embed\.conv2\./, 'prompt_encoder.mask_downscaling.3.'],
  [/^prompt_encoder\.mask_embed\.layer_norm2\./, 'prompt_encoder.mask_downscaling.4.'],
  [/^prompt_encoder\.mask_embed\.conv3\./, 'prompt_encoder.mask_downscaling.6.'],
  [/^mask_decoder\.upscale_conv1\./, 'mask_decoder.output_upscaling.0.'],
  [/^mask_decoder\.upscale_layer_norm\./, 'mask_decoder.output_upscaling.1.'],
  [/^mask_decoder\.upscale_conv2\./, 'mask_decoder.output_upscaling.3.'],
  [/\.layer_norm(\d|_final_attn)\./, '.norm$1.'],
];

const HEAD_LAYER =
  /^(mask_decoder\.(?:iou_prediction_head|output_hypernetworks_mlps\.\d+))\.(proj_in|proj_out|layers\.(\d+))\./;

/** Whether names are those of transformers' `SamModel` rather than Meta's. */
export function hasHuggingFaceNames(names: readonly string[]): boolean {
  return names.some((name) => name.startsWith('vision_encoder.') || name === SHARED_POSITIONS);
}

/**
 * Meta's name -> Hugging Face's. Names without a counterpart stay as they are, to be reported as surplus.
 */
export function metaNames(names: readonly string[]): Map<string, string> {
  const present = new Set(names);
  const renamed = new Map<string, string>();
  for (const name of names) {
    if (name === SHARED_POSITIONS_COPY && present.has(SHARED_POSITIONS)) continue;
    renamed.set(metaName(name, present), name);
  }
  return renamed;
}

function metaName(name: string, present: ReadonlySet<string>): string {
  if (name === SHARED_POSITIONS || name === SHARED_POSITIONS_COPY) {
    return 'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix';
  }
  const [matched, head, layer, index] = HEAD_LAYER.exec(name) ?? [];
  if (matched !== undefined && head !== undefined) {
    const tail = name.slice(matched.length);
    if (layer === 'proj_in') return `${head}.layers.0.${tail}`;
    if (layer === 'proj_out') return `${head}.layers.${hiddenLayers(head, present) + 1}.${tail}`;
    return `${head}.layers.${Number(index) + 1}.${tail}`;
  }
  return RENAMINGS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), name);
}

/** Layers of a head between proj_in and proj_out. */
function hiddenLayers(head: string, present: ReadonlySet<string>): number {
  let count = 0;
  while (present.has(`${head}.layers.${count}.weight`)) count += 1;
  return count;
}
