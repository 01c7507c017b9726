/**
 * Files of the format `salt-reference/1`: a model, one batch, and what another implementation computed from them.
 * Names are read leniently where writers differ: layers with or without `image_encoder.` before them, the gradient of
 * an adapter's tensor as `salt/<layer>.alpha`, `<layer>.alpha` or `<layer>.salt.alpha`.
 */
import { z } from 'zod';
import { layerKind, RANK_GROUP } from '../adapters/layer-kinds.ts';
import type { LayerKind, RankGroup } from '../adapters/layer-kinds.ts';
import { parseMethod } from '../adapters/index.ts';
import type { MethodConfig } from '../adapters/index.ts';
import { floatTensor, sizeOf } from '../graph/tensor.ts';
import type { FloatTensor, Shape, TensorSpec } from '../graph/tensor.ts';
import { inferSamConfig } from '../model/checkpoint/infer-config.ts';
import type { SafetensorsFile } from '../model/checkpoint/safetensors.ts';
import { samConfigSchema } from '../model/sam-config.ts';
import type { SamConfig } from '../model/sam-config.ts';
import { SaltError } from '../protocol/errors.ts';
import { faultsOf } from '../protocol/faults.ts';

const REFERENCE_FORMAT = 'salt-reference/1';

const count = z.int().min(1);

const configSchema = z.object({
  depth: count,
  embed_dim: count,
  num_heads: count,
  image_size: count,
  window_size: z.int().min(0),
  global_attn_indexes: z.array(z.int().min(0)),
  out_chans: count,
  decoder_mlp_dim: count,
  decoder_num_heads: count,
  text_dim: count,
});

export interface Reference {
  readonly config: SamConfig;
  readonly batchSize: number;
  /** Side of the input in pixels, which need not be that of the position tables. */
  readonly imageSize: number;
  /** By the checkpoint's names. */
  readonly weights: ReadonlyMap<string, FloatTensor>;
  readonly image: FloatTensor;
  readonly textEmbedding: FloatTensor;
  /** [B, 1, S, S]; undefined in a file without losses and gradients. */
  readonly mask: FloatTensor | undefined;
  /** Factors and adapter tensors of every adapted layer, e.g. `<layer>.salt.alpha`; empty without an adapter. */
  readonly adapter: ReadonlyMap<string, FloatTensor>;
  /** `image_embedding`, `low_res_logits`, `salt_low_res_logits`, as far as the file has them. */
  readonly outputs: ReadonlyMap<string, FloatTensor>;
  /** `focal`, `dice`, `reg`, `total`, as far as the file has them. */
  readonly losses: ReadonlyMap<string, number>;
  /** By the trained tensor's name in the checkpoint. */
  readonly gradients: ReadonlyMap<string, FloatTensor>;
}

/** @throws SaltError `CHECKPOINT_INVALID` naming what the format demands and the file lacks */
export function readReference(file: SafetensorsFile): Reference {
  if (file.metadata['format'] !== REFERENCE_FORMAT) {
    throw invalid(`The metadata's "format" is not "${REFERENCE_FORMAT}".`);
  }
  const weights = group(file, 'weights/', encoderName);
  const image = file.float32('input/image');
  const [batchSize = 0, , imageSize = 0] = image.shape;
  const config = readConfig(file, weights);
  const shaped = (name: string, shape: Shape): FloatTensor => {
    const tensor = read(file, name);
    if (tensor.data.length !== sizeOf(shape)) {
      throw invalid(`${name} is [${tensor.shape.join(', ')}] instead of [${shape.join(', ')}].`);
    }
    return floatTensor(shape, tensor.data);
  };
  return {
    config,
    batchSize,
    imageSize,
    weights,
    image: shaped('input/image', [batchSize, 3, imageSize, imageSize]),
    textEmbedding: shaped('input/text_embedding', [batchSize, config.textDim]),
    mask: file.has('input/mask') ? shaped('input/mask', [batchSize, 1, imageSize, imageSize]) : undefined,
    adapter: new Map([...group(file, 'svd/', factorName), ...group(file, 'salt/', trainedName)]),
    outputs: group(file, 'output/'),
    losses: new Map([...group(file, 'loss/')].map(([name, { data }]) => [name, data[0] ?? NaN])),
    gradients: group(file, 'grad/', trainedName),
  };
}

/** A value for each tensor, of its shape: a convolution's factors may come as matrices. */
export function shapedLike(
  specs: readonly TensorSpec[],
  values: ReadonlyMap<string, FloatTensor>,
): Map<string, FloatTensor> {
  return new Map(
    specs.flatMap(({ name, shape }) => {
      const value = values.get(name);
      return value?.data.length === sizeOf(shape) ? [[name, floatTensor(shape, value.data)]] : [];
    }),
  );
}

/** The SALT method whose layers and ranks the file's adapter has; undefined where it has none. */
export function saltMethodOf(reference: Reference): MethodConfig | undefined {
  const layers = new Set<LayerKind>();
  const ranks: Partial<Record<RankGroup, number>> = {};
  let loraRank: number | undefined;
  for (const [name, { shape }] of reference.adapter) {
    const [, layer = '', part] = /^(.*)\.salt\.(.*)$/.exec(name) ?? [];
    const kind = layerKind(layer);
    if (!kind) throw invalid(`The adapter has ${name}, which belongs to no layer that SALT adapts.`);
    layers.add(kind);
    if (part === 'alpha') ranks[RANK_GROUP[kind]] = shape[0] ?? 0;
    if (part === 'X') loraRank = shape[1];
  }
  if (layers.size === 0) return undefined;
  return parseMethod({
    method: 'salt',
    layers: [...layers],
    rankAttention: ranks.attention ?? 0,
    rankMlp: ranks.mlp ?? 0,
    rankNeck: ranks.neck ?? 0,
    ...(loraRank === undefined ? {} : { loraRank }),
  });
}

function readConfig(file: SafetensorsFile, weights: ReadonlyMap<string, FloatTensor>): SamConfig {
  let json: unknown;
  try {
    json = JSON.parse(file.metadata['config'] ?? '');
  } catch {
    throw invalid(`The metadata's "config" is not JSON.`);
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success)
    throw invalid(`The metadata's "config" is wrong: ${faultsOf(parsed.error).join('; ')}.`);
  const stated = parsed.data;
  const shapes = new Map([...weights].map(([name, { shape }]) => [name, shape]));
  const config = samConfigSchema.safeParse({
    ...inferSamConfig(shapes),
    depth: stated.depth,
    embedDim: stated.embed_dim,
    numHeads: stated.num_heads,
    imageSize: stated.image_size,
    windowSize: stated.window_size,
    globalAttnIndexes: stated.global_attn_indexes,
    outChans: stated.out_chans,
    decoderMlpDim: stated.decoder_mlp_dim,
    decoderNumHeads: stated.decoder_num_heads,
    textDim: stated.text_dim,
  });
  if (!config.success)
    throw invalid(`The metadata's "config" describes no SAM: ${faultsOf(config.error).join('; ')}.`);
  return config.data;
}

/** Masks may be stored as integers or truth values. */
function read(file: SafetensorsFile, name: string): FloatTensor {
  const { dtype, shape } = file.info(name);
  return /^B?F\d/.test(dtype)
    ? file.float32(name)
    : floatTensor(shape, Float32Array.from(file.integers(name)));
}

/** Tensors without elements, such as X of a layer whose values are all on top, stand for nothing. */
function group(
  file: SafetensorsFile,
  prefix: string,
  rename: (name: string) => string = (name) => name,
): Map<string, FloatTensor> {
  return new Map(
    file.names
      .filter((name) => name.startsWith(prefix))
      .map((name): [string, FloatTensor] => [rename(name.slice(prefix.length)), read(file, name)])
      .filter(([, { data }]) => data.length > 0),
  );
}

/** `blocks.0.norm1.weight` and the like belong to the image encoder. */
function encoderName(name: string): string {
  return /^(?:blocks|neck|patch_embed)\.|^pos_embed$/.test(name) ? `image_encoder.${name}` : name;
}

const FACTORS: Readonly<Record<string, string>> = { U: 'U', S: 's', Vt: 'Vt' };

function factorName(name: string): string {
  const [, layer = name, part = ''] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
  return `${encoderName(layer)}.salt.${FACTORS[part] ?? part}`;
}

function trainedName(name: string): string {
  const [, layer, part] = /^(?:salt\/)?(.*?)(?:\.salt)?\.(alpha|beta|X|Y)$/.exec(name) ?? [];
  return layer === undefined || part === undefined ? encoderName(name) : `${encoderName(layer)}.salt.${part}`;
}

function invalid(message: string): SaltError {
  return new SaltError('CHECKPOINT_INVALID', `This is no reference file: ${message}`);
}
