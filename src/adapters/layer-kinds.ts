/** The layers of SAM's image encoder that the methods adapt. */
import { SaltError } from '../protocol/errors.ts';

export const LAYER_KINDS = ['qkv', 'proj', 'lin1', 'lin2', 'neck'] as const;

/** `qkv` and `proj` of the attention, `lin1` and `lin2` of the MLP, both convolutions of the neck. */
export type LayerKind = (typeof LAYER_KINDS)[number];

/** The kinds that share a rank in SALT. */
export type RankGroup = 'attention' | 'mlp' | 'neck';

export const RANK_GROUP: Readonly<Record<LayerKind, RankGroup>> = {
  qkv: 'attention',
  proj: 'attention',
  lin1: 'mlp',
  lin2: 'mlp',
  neck: 'neck',
};

const BLOCK_LAYER = /^image_encoder\.blocks\.\d+\.(?:attn\.(qkv|proj)|mlp\.(lin1|lin2))$/;
const NECK_LAYER = /^image_encoder\.neck\.[02]$/;
const BLOCK = /^image_encoder\.blocks\.(\d+)\./;
const PATCH_EMBEDDING = 'image_encoder.patch_embed.';

/** The kind that a person names. @throws SaltError `INVALID_ARGUMENT` */
export function layerKindOf(kindName: string): LayerKind {
  const kind = LAYER_KINDS.find((known) => known === kindName);
  if (kind) return kind;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `There is no layer "${kindName}": choose among ${LAYER_KINDS.join(', ')}.`,
  );
}

/** @param name a layer's name in the checkpoint; undefined for layers that no method adapts */
export function layerKind(name: string): LayerKind | undefined {
  if (NECK_LAYER.test(name)) return 'neck';
  const match = BLOCK_LAYER.exec(name);
  const part = match?.[1] ?? match?.[2];
  return LAYER_KINDS.find((kind) => kind === part);
}

/** The encoder block that a layer or tensor belongs to; undefined outside the blocks. */
export function blockIndex(name: string): number | undefined {
  const match = BLOCK.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** Whether a layer or tensor makes the tokens that the first block takes: the stem, with its norms, and the projection. */
export function isPatchEmbedding(name: string): boolean {
  return name.startsWith(PATCH_EMBEDDING);
}
