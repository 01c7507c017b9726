/** Every tensor of a SAM, under the names of Meta's `state_dict()`, in its order. */
import type { Shape, TensorSpec } from '../../graph/tensor.ts';
import { STEM_BLOCK, isGlobalBlock, mlpHiddenDim, type SamConfig } from '../sam-config.ts';

/** What a tensor is for: how it starts, and whether adapters and optimisers treat it as a norm. */
export type TensorRole =
  | 'weight' // of a linear layer [out, in] or a convolution [out, in, height, width]
  | 'transposedWeight' // of a transposed convolution [in, out, height, width]
  | 'bias'
  | 'normScale'
  | 'normShift'
  | 'token' // a learned embedding [count, width]
  | 'positions' // of the encoder's grid [1, height, width, width of a token]
  | 'relativePositions' // of a block along one axis [2 * extent - 1, width of a head]
  | 'frequencies'; // the fixed random matrix of the positional encoding [2, width / 2]

export interface SamTensorSpec extends TensorSpec {
  readonly role: TensorRole;
}

/** The tensors that a state dict of this architecture holds; buffers of pixel statistics are left out. */
export function expectedTensors(config: SamConfig): SamTensorSpec[] {
  return [...imageEncoder(config), ...promptEncoder(config), ...maskDecoder(config)];
}

/** The text affine layer: Linear, ReLU, LayerNorm. No part of Meta's SAM. */
export function expectedTextAffine({ outChans, textDim }: SamConfig): SamTensorSpec[] {
  return [...linear('text_affine.0', textDim, outChans), ...norm('text_affine.2', outChans)];
}

function imageEncoder(config: SamConfig): SamTensorSpec[] {
  const { depth, embedDim, imageSize, patchSize, outChans } = config;
  const grid = imageSize / patchSize;
  return [
    { name: 'image_encoder.pos_embed', shape: [1, grid, grid, embedDim], role: 'positions' },
    ...patchEmbedding(config),
    ...Array.from({ length: depth }, (_, index) => encoderBlock(config, index)).flat(),
    weight('image_encoder.neck.0.weight', [outChans, embedDim, 1, 1]),
    ...norm('image_encoder.neck.1', outChans),
    weight('image_encoder.neck.2.weight', [outChans, outChans, 3, 3]),
    ...norm('image_encoder.neck.3', outChans),
  ];
}

function patchEmbedding({ embedDim, patchSize, stem }: SamConfig): SamTensorSpec[] {
  const name = 'image_encoder.patch_embed';
  if (!stem) return convolution(`${name}.proj`, 3, embedDim, patchSize);
  // The image and its local contrast.
  const widths = [2 * 3 * STEM_BLOCK ** 2, ...stem];
  const layers = stem.flatMap((width, i) => [
    weight(`${name}.stem.conv${i}.weight`, [width, widths[i] ?? 0, 3, 3]),
    ...norm(`${name}.stem.norm${i}`, width),
  ]);
  return [...layers, ...convolution(`${name}.proj`, widths[stem.length] ?? 0, embedDim, 1)];
}

function encoderBlock(config: SamConfig, index: number): SamTensorSpec[] {
  const { embedDim, numHeads } = config;
  const block = `image_encoder.blocks.${index}`;
  const extent = isGlobalBlock(config, index) ? config.imageSize / config.patchSize : config.windowSize;
  const table: Shape = [2 * extent - 1, embedDim / numHeads];
  const hidden = mlpHiddenDim(config);
  return [
    ...norm(`${block}.norm1`, embedDim),
    { name: `${block}.attn.rel_pos_h`, shape: table, role: 'relativePositions' },
    { name: `${block}.attn.rel_pos_w`, shape: table, role: 'relativePositions' },
    ...linear(`${block}.attn.qkv`, embedDim, 3 * embedDim),
    ...linear(`${block}.attn.proj`, embedDim, embedDim),
    ...norm(`${block}.norm2`, embedDim),
    ...linear(`${block}.mlp.lin1`, embedDim, hidden),
    ...linear(`${block}.mlp.lin2`, hidden, embedDim),
  ];
}

function promptEncoder({ promptEmbedDim: width, maskInChans }: SamConfig): SamTensorSpec[] {
  return [
    {
      name: 'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix',
      shape: [2, width / 2],
      role: 'frequencies',
    },
    ...[0, 1, 2, 3].map((index) => token(`prompt_encoder.point_embeddings.${index}.weight`, 1, width)),
    token('prompt_encoder.not_a_point_embed.weight', 1, width),
    ...convolution('prompt_encoder.mask_downscaling.0', 1, maskInChans / 4, 2),
    ...norm('prompt_encoder.mask_downscaling.1', maskInChans / 4),
    ...convolution('prompt_encoder.mask_downscaling.3', maskInChans / 4, maskInChans, 2),
    ...norm('prompt_encoder.mask_downscaling.4', maskInChans),
    ...convolution('prompt_encoder.mask_downscaling.6', maskInChans, width, 1),
    token('prompt_encoder.no_mask_embed.weight', 1, width),
  ];
}

function maskDecoder(config: SamConfig): SamTensorSpec[] {
  const { outChans: width, iouHeadDepth, iouHeadHiddenDim } = config;
  const masks = config.numMultimaskOutputs + 1;
  const decoder = 'mask_decoder';
  return [
    ...Array.from({ length: config.decoderDepth }, (_, index) => decoderLayer(config, index)).flat(),
    ...attention(`${decoder}.transformer.final_attn_token_to_image`, width, width / 2),
    ...norm(`${decoder}.transformer.norm_final_attn`, width),
    token(`${decoder}.iou_token.weight`, 1, width),
    token(`${decoder}.mask_tokens.weight`, masks, width),
    ...transposedConvolution(`${decoder}.output_upscaling.0`, width, width / 4),
    ...norm(`${decoder}.output_upscaling.1`, width / 4),
    ...transposedConvolution(`${decoder}.output_upscaling.3`, width / 4, width / 8),
    ...Array.from({ length: masks }, (_, index) =>
      mlp(`${decoder}.output_hypernetworks_mlps.${index}`, [width, width, width, width / 8]),
    ).flat(),
    ...mlp(`${decoder}.iou_prediction_head`, [
      width,
      ...new Array<number>(iouHeadDepth - 1).fill(iouHeadHiddenDim),
      masks,
    ]),
  ];
}

function decoderLayer({ outChans: width, decoderMlpDim }: SamConfig, index: number): SamTensorSpec[] {
  const layer = `mask_decoder.transformer.layers.${index}`;
  return [
    ...attention(`${layer}.self_attn`, width, width),
    ...norm(`${layer}.norm1`, width),
    ...attention(`${layer}.cross_attn_token_to_image`, width, width / 2),
    ...norm(`${layer}.norm2`, width),
    ...linear(`${layer}.mlp.lin1`, width, decoderMlpDim),
    ...linear(`${layer}.mlp.lin2`, decoderMlpDim, width),
    ...norm(`${layer}.norm3`, width),
    ...norm(`${layer}.norm4`, width),
    ...attention(`${layer}.cross_attn_image_to_token`, width, width / 2),
  ];
}

function attention(name: string, width: number, internal: number): SamTensorSpec[] {
  return [
    ...linear(`${name}.q_proj`, width, internal),
    ...linear(`${name}.k_proj`, width, internal),
    ...linear(`${name}.v_proj`, width, internal),
    ...linear(`${name}.out_proj`, internal, width),
  ];
}

/** @param widths of the input, the hidden layers and the output */
function mlp(name: string, widths: readonly number[]): SamTensorSpec[] {
  return widths
    .slice(1)
    .flatMap((width, index) => linear(`${name}.layers.${index}`, widths[index] ?? 0, width));
}

function linear(name: string, inputs: number, outputs: number): SamTensorSpec[] {
  return [weight(`${name}.weight`, [outputs, inputs]), bias(name, outputs)];
}

function convolution(name: string, inputs: number, outputs: number, kernel: number): SamTensorSpec[] {
  return [weight(`${name}.weight`, [outputs, inputs, kernel, kernel]), bias(name, outputs)];
}

function transposedConvolution(name: string, inputs: number, outputs: number): SamTensorSpec[] {
  return [
    { name: `${name}.weight`, shape: [inputs, outputs, 2, 2], role: 'transposedWeight' },
    bias(name, outputs),
  ];
}

function norm(name: string, width: number): SamTensorSpec[] {
  return [
    { name: `${name}.weight`, shape: [width], role: 'normScale' },
    { name: `${name}.bias`, shape: [width], role: 'normShift' },
  ];
}

function weight(name: string, shape: Shape): SamTensorSpec {
  return { name, shape, role: 'weight' };
}

function bias(name: string, width: number): SamTensorSpec {
  return { name: `${name}.bias`, shape: [width], role: 'bias' };
}

function token(name: string, count: number, width: number): SamTensorSpec {
  return { name, shape: [count, width], role: 'token' };
}
