/**
 * The two ways in which CLIP's text tensors are named: transformers' `text_model.*`, and that of OpenAI and open_clip,
 * `transformer.resblocks.*`. Both are read into one: that of `clipText`, with the queries', keys' and values' layers in
 * one, and every linear layer's weight as [out, in].
 */
import type { Shape } from '../../../graph/tensor.ts';
import type { ClipTextConfig } from './clip-config.ts';

/** How one of our tensors is made of those of a checkpoint. */
export interface ClipTensor {
  readonly name: string;
  readonly shape: Shape;
  /** Several are stacked along the first axis. */
  readonly from: readonly string[];
  /** The checkpoint has it as [in, out]. */
  readonly transposed?: boolean;
}

export interface ClipLayout {
  /** By which the layout is known; what comes before it is the prefix of all names. */
  readonly tokenEmbedding: string;
  readonly positions: string;
  readonly projection: { readonly name: string; readonly transposed: boolean };
  readonly finalNorm: string;
  /** The prefix of a block's tensors. */
  block(index: number): string;
  /** Tensors of a block below its prefix, by ours. */
  readonly blockTensors: Readonly<Record<string, readonly string[]>>;
}

const qkv = (part: string): string[] => ['q', 'k', 'v'].map((which) => `self_attn.${which}_proj.${part}`);

export const HUGGING_FACE: ClipLayout = {
  tokenEmbedding: 'text_model.embeddings.token_embedding.weight',
  positions: 'text_model.embeddings.position_embedding.weight',
  projection: { name: 'text_projection.weight', transposed: false },
  finalNorm: 'text_model.final_layer_norm',
  block: (index) => `text_model.encoder.layers.${index}.`,
  blockTensors: {
    'norm1.weight': ['layer_norm1.weight'],
    'norm1.bias': ['layer_norm1.bias'],
    'qkv.weight': qkv('weight'),
    'qkv.bias': qkv('bias'),
    'proj.weight': ['self_attn.out_proj.weight'],
    'proj.bias': ['self_attn.out_proj.bias'],
    'norm2.weight': ['layer_norm2.weight'],
    'norm2.bias': ['layer_norm2.bias'],
    'fc1.weight': ['mlp.fc1.weight'],
    'fc1.bias': ['mlp.fc1.bias'],
    'fc2.weight': ['mlp.fc2.weight'],
    'fc2.bias': ['mlp.fc2.bias'],
  },
};

export const OPEN_CLIP: ClipLayout = {
  tokenEmbedding: 'token_embedding.weight',
  positions: 'positional_embedding',
  projection: { name: 'text_projection', transposed: true },
  finalNorm: 'ln_final',
  block: (index) => `transformer.resblocks.${index}.`,
  blockTensors: {
    'norm1.weight': ['ln_1.weight'],
    'norm1.bias': ['ln_1.bias'],
    'qkv.weight': ['attn.in_proj_weight'],
    'qkv.bias': ['attn.in_proj_bias'],
    'proj.weight': ['attn.out_proj.weight'],
    'proj.bias': ['attn.out_proj.bias'],
    'norm2.weight': ['ln_2.weight'],
    'norm2.bias': ['ln_2.bias'],
    'fc1.weight': ['mlp.c_fc.weight'],
    'fc1.bias': ['mlp.c_fc.bias'],
    'fc2.weight': ['mlp.c_proj.weight'],
    'fc2.bias': ['mlp.c_proj.bias'],
  },
};

/** All that a text encoder reads, and where a checkpoint of this layout has it. */
export function clipTensors(config: Omit<ClipTextConfig, 'activation'>, layout: ClipLayout): ClipTensor[] {
  const { width, hidden, layers, context, vocabulary, dimension } = config;
  const shapes: Readonly<Record<string, Shape>> = {
    'qkv.weight': [3 * width, width],
    'qkv.bias': [3 * width],
    'proj.weight': [width, width],
    'fc1.weight': [hidden, width],
    'fc1.bias': [hidden],
    'fc2.weight': [width, hidden],
  };
  const blocks = Array.from({ length: layers }, (_, i) =>
    Object.entries(layout.blockTensors).map(([name, sources]) => ({
      name: `blocks.${i}.${name}`,
      shape: shapes[name] ?? [width],
      from: sources.map((source) => layout.block(i) + source),
    })),
  ).flat();
  return [
    { name: 'token_embedding', shape: [vocabulary, width], from: [layout.tokenEmbedding] },
    { name: 'positions', shape: [context, width], from: [layout.positions] },
    ...blocks,
    { name: 'final_norm.weight', shape: [width], from: [`${layout.finalNorm}.weight`] },
    { name: 'final_norm.bias', shape: [width], from: [`${layout.finalNorm}.bias`] },
    {
      name: 'projection.weight',
      shape: [dimension, width],
      from: [layout.projection.name],
      transposed: layout.projection.transposed,
    },
  ];
}
