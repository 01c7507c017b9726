/**
 * Meta's name -> that of transformers' `SamModel`, the direction opposite to the one the reader needs. Written out by
 * module, so that it does not share a mistake with the reader's patterns.
 */
export function huggingFaceName(meta: string): string {
  const [module = '', ...rest] = meta.split('.');
  if (module === 'image_encoder') return ['vision_encoder', ...imageEncoder(rest)].join('.');
  if (module === 'prompt_encoder') return promptEncoder(rest);
  return ['mask_decoder', ...maskDecoder(rest)].join('.');
}

function imageEncoder([part = '', index = '', ...rest]: string[]): string[] {
  if (part === 'patch_embed') return [part, 'projection', ...rest];
  if (part === 'neck')
    return [part, { 0: 'conv1', 1: 'layer_norm1', 2: 'conv2', 3: 'layer_norm2' }[index] ?? '', ...rest];
  if (part === 'blocks') return ['layers', index, ...rest.map((word) => word.replace(/^norm/, 'layer_norm'))];
  return [part];
}

function promptEncoder([part = '', index = '', ...rest]: string[]): string {
  if (part === 'pe_layer') return 'shared_image_embedding.positional_embedding';
  if (part === 'point_embeddings') return ['prompt_encoder.point_embed', index, ...rest].join('.');
  if (part !== 'mask_downscaling') return ['prompt_encoder', part, index, ...rest].join('.');
  const layer = { 0: 'conv1', 1: 'layer_norm1', 3: 'conv2', 4: 'layer_norm2', 6: 'conv3' }[index] ?? '';
  return ['prompt_encoder.mask_embed', layer, ...rest].join('.');
}

function maskDecoder(words: string[]): string[] {
  const [part = '', index = '', ...rest] = words;
  if (part === 'transformer') return words.map((word) => word.replace(/^norm/, 'layer_norm'));
  if (part === 'output_upscaling') {
    return [{ 0: 'upscale_conv1', 1: 'upscale_layer_norm', 3: 'upscale_conv2' }[index] ?? '', ...rest];
  }
  const at = words.indexOf('layers');
  if (at < 0) return words;
  // Three layers each: the first and the last have names of their own.
  const layer = { 0: ['proj_in'], 1: ['layers', '0'], 2: ['proj_out'] }[words[at + 1] ?? ''] ?? [];
  return [...words.slice(0, at), ...layer, ...words.slice(at + 2)];
}
