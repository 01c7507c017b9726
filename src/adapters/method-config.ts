/** What is trained, and how: the choices behind `--method`. Plain JSON, kept in every adapter file. */
import { z } from 'zod';
import type { SamConfig } from '../model/sam-config.ts';
import { SaltError } from '../protocol/errors.ts';
import { faultsOf } from '../protocol/faults.ts';
import { LAYER_KINDS, RANK_GROUP } from './layer-kinds.ts';
import type { LayerKind, RankGroup } from './layer-kinds.ts';

const MAX_RANK = 65_536;
const rank = z.int().min(0).max(MAX_RANK);

const layersDefaulting = (kinds: readonly LayerKind[]) =>
  z
    .array(z.enum(LAYER_KINDS))
    .min(1)
    .refine((layers) => new Set(layers).size === layers.length, 'each kind of layer is named once')
    .default(() => [...kinds])
    .readonly();

/**
 * Adapts the layers and norms of the last k encoder blocks only, beside the neck. The position embedding and the
 * norms of a stem then stay as they are, so that no gradient is needed below those blocks. Absent: all blocks.
 */
const lastBlocks = z.int().min(0).max(MAX_RANK).optional();

/** SALT (arXiv 2503.16055). The default ranks are those of the published counts for ViT-B. */
const saltConfigSchema = z.strictObject({
  method: z.literal('salt'),
  /** Singular values that are scaled and shifted in `qkv` and `proj`, ... */
  rankAttention: rank.default(760),
  /** ... in `lin1` and `lin2`, ... */
  rankMlp: rank.default(50),
  /** ... and in the neck. Where a layer has no more values than its rank, all are, and no low-rank part is left. */
  rankNeck: rank.default(250),
  /** One rank for all kinds of layers, in place of the three above. */
  rank: rank.optional(),
  /** d: inner size of the low-rank update X Y of the other singular values. */
  loraRank: z.int().min(1).max(MAX_RANK).default(256),
  layers: layersDefaulting(LAYER_KINDS),
  /** `random`: X and Y small, near the pretrained model; `identity`: Y zero, the pretrained model itself. */
  start: z.enum(['random', 'identity']).default('random'),
  lastBlocks,
});

/** S-SAM: every singular value is scaled and shifted. SALT with all values on top, its ReLU included. */
const ssamConfigSchema = z.strictObject({
  method: z.literal('ssam'),
  layers: layersDefaulting(LAYER_KINDS),
  lastBlocks,
});

/** LoRA (arXiv 2106.09685): W + (alpha / rank) B A. */
const loraConfigSchema = z.strictObject({
  method: z.literal('lora'),
  rank: z.int().min(1).max(MAX_RANK).default(4),
  /** Default: equal to `rank`, which scales by 1. */
  alpha: z.number().positive().max(1e6).optional(),
  layers: layersDefaulting(['qkv', 'lin1', 'lin2']),
  lastBlocks,
});

/** Only what all methods train: normalisation layers, position embedding, text affine layer. */
const normConfigSchema = z.strictObject({ method: z.literal('norm'), lastBlocks });

/** The detail head and the text affine layer alone: SAM stays as it is. */
const headConfigSchema = z.strictObject({ method: z.literal('head') });

/** Every weight. */
const fullConfigSchema = z.strictObject({ method: z.literal('full') });

export const methodConfigSchema = z.discriminatedUnion('method', [
  saltConfigSchema,
  ssamConfigSchema,
  loraConfigSchema,
  normConfigSchema,
  headConfigSchema,
  fullConfigSchema,
]);

export type SaltConfig = Readonly<z.infer<typeof saltConfigSchema>>;
export type MethodConfig = Readonly<z.infer<typeof methodConfigSchema>>;
/** As a person writes it: what is left out takes its default. */
export type MethodInput = Readonly<z.input<typeof methodConfigSchema>>;

/**
 * What was chosen for a model: SALT, unless it says otherwise, with ranks for the model's width, unless it names them.
 * @throws SaltError `INVALID_ARGUMENT` naming every field that is wrong
 */
export function methodFor(config: SamConfig, chosen: MethodInput = { method: 'salt' }): MethodConfig {
  return parseMethod(chosen.method === 'salt' ? { ...ranksFor(config), ...chosen } : chosen);
}

/**
 * The ranks of SALT for a model of any width, in the proportions of the published ones for ViT-B (760, 50 and 250 of
 * 768, 768 and 256 singular values, low rank 256 of 768). Wider models keep ViT-B's.
 */
function ranksFor({ embedDim, outChans }: SamConfig): Partial<SaltConfig> {
  const share = (rank: number, of: number, width: number): number =>
    Math.max(1, Math.min(rank, Math.round((rank / of) * width)));
  return {
    rankAttention: share(760, 768, embedDim),
    rankMlp: share(50, 768, embedDim),
    rankNeck: share(250, 256, outChans),
    loraRank: share(256, 768, embedDim),
  };
}

function saltRanks(config: SaltConfig): Readonly<Record<RankGroup, number>> {
  return {
    attention: config.rank ?? config.rankAttention,
    mlp: config.rank ?? config.rankMlp,
    neck: config.rank ?? config.rankNeck,
  };
}

/** The rank that was asked for, which may be more than the layer has. */
export function saltRank(config: SaltConfig, kind: LayerKind): number {
  return saltRanks(config)[RANK_GROUP[kind]];
}

/** The kinds of layers that a method adapts. */
export function adaptedKinds(config: MethodConfig): readonly LayerKind[] {
  return 'layers' in config ? config.layers : [];
}

/**
 * Fills in what was left out.
 * @throws SaltError `INVALID_ARGUMENT` naming every field that is wrong
 */
export function parseMethod(input: unknown): MethodConfig {
  const result = methodConfigSchema.safeParse(input);
  if (result.success) return result.data;
  const faults = faultsOf(result.error);
  throw new SaltError('INVALID_ARGUMENT', `This is no method of training (${faults.join('; ')}).`, {
    faults,
  });
}
