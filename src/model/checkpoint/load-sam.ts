/** A SAM out of a checkpoint, whoever named its tensors. */
import type { FloatTensor, Shape } from '../../graph/tensor.ts';
import type { z } from 'zod';
import {
  detailConfigSchema,
  expectedDetailTensors,
  type DetailConfig,
  type DetailHead,
} from '../detail/index.ts';
import { samConfigSchema, type SamConfig } from '../sam-config.ts';
import { BUILT_IN_TEXT_TENSORS, TEXT_ENCODER_PREFIX } from '../text/built-in-text.ts';
import { SaltError } from '../../protocol/errors.ts';
import { faultsOf } from '../../protocol/faults.ts';
import { selectPrefix, type CheckpointSource } from './checkpoint-source.ts';
import { demandTensors, type ExpectedTensor } from './compare-tensors.ts';
import { assertFinite } from './finite.ts';
import { hasHuggingFaceNames, metaNames } from './hf-names.ts';
import { inferSamConfig } from './infer-config.ts';
import { invalid } from './invalid.ts';
import { expectedTensors, expectedTextAffine } from './sam-tensors.ts';

export interface SamWeights {
  readonly config: SamConfig;
  /** Under Meta's names, in the order of `expectedTensors`. Views of a file's bytes perhaps: do not write. */
  readonly weights: ReadonlyMap<string, FloatTensor>;
  /** `text_affine.{0,2}.{weight,bias}`, where the checkpoint has them. */
  readonly textAffine?: ReadonlyMap<string, FloatTensor>;
  /** The detail head, where the checkpoint has one. */
  readonly detail?: DetailHead;
  /** Of the built-in text encoder that the model was trained with, by its own names. */
  readonly textEncoder?: ReadonlyMap<string, FloatTensor>;
}

export interface LoadSamOptions {
  /** When it is known; otherwise the checkpoint's own metadata or its shapes tell. */
  readonly config?: SamConfig;
}

/** The metadata under which our own files keep their `SamConfig` as JSON. */
export const SAM_CONFIG_KEY = 'sam_config';
/** Likewise for the `DetailConfig` of a model with a detail head. */
export const DETAIL_CONFIG_KEY = 'detail_config';

/** Constants of the image's normalisation that Meta's files carry. */
const IGNORED = new Set(['pixel_mean', 'pixel_std']);

/** The metadata from which `loadSamWeights` reads the configuration back. */
export function samMetadata(config: SamConfig, detail?: DetailConfig): Record<string, string> {
  return {
    [SAM_CONFIG_KEY]: JSON.stringify(config),
    ...(detail && { [DETAIL_CONFIG_KEY]: JSON.stringify(detail) }),
  };
}

/** Which of a checkpoint's tensors are which of the model's: the model's name -> the checkpoint's. */
export interface SamPlan {
  readonly config: SamConfig;
  /** Who named the checkpoint's tensors, below whatever stands before all of them. */
  readonly naming: 'Hugging Face' | 'Meta';
  readonly sam: ReadonlyMap<string, string>;
  /** Empty where the checkpoint has none; so are the next two. */
  readonly textAffine: ReadonlyMap<string, string>;
  readonly detail: ReadonlyMap<string, string>;
  readonly detailConfig: DetailConfig | undefined;
  readonly textEncoder: ReadonlyMap<string, string>;
}

/**
 * Finds a SAM in a checkpoint by names and shapes alone; nothing else is read.
 * @throws SaltError `CHECKPOINT_MISMATCH` listing all that is missing, surplus or misshapen; `CHECKPOINT_INVALID`
 */
export function planSam(source: CheckpointSource, options: LoadSamOptions = {}): SamPlan {
  const prefix = findPrefix(source.names);
  const unwrapped = selectPrefix(source, prefix);
  const sourceNames = namesByMeta(unwrapped.names);
  const shapes = new Map<string, Shape>();
  for (const [name, sourceName] of sourceNames) shapes.set(name, unwrapped.shape(sourceName));

  const { metadata } = source;
  const config =
    options.config ?? fromMetadata(metadata, SAM_CONFIG_KEY, samConfigSchema) ?? inferSamConfig(shapes);
  const detailConfig = fromMetadata(metadata, DETAIL_CONFIG_KEY, detailConfigSchema);
  const holds = (start: string): boolean => [...shapes.keys()].some((name) => name.startsWith(start));
  const sam = expectedTensors(config);
  const affine = holds('text_affine.') ? expectedTextAffine(config) : [];
  const head = detailConfig ? headTensors(config, detailConfig) : [];
  const text = holds(TEXT_ENCODER_PREFIX)
    ? BUILT_IN_TEXT_TENSORS.map(({ name, shape }) => ({ name: TEXT_ENCODER_PREFIX + name, shape }))
    : [];
  demandTensors(config, [...sam, ...affine, ...head, ...text], shapes);

  const namesOf = (tensors: readonly { readonly name: string }[]): Map<string, string> =>
    new Map(tensors.map(({ name }) => [name, prefix + (sourceNames.get(name) ?? name)]));
  return {
    config,
    naming: hasHuggingFaceNames(unwrapped.names) ? 'Hugging Face' : 'Meta',
    sam: namesOf(sam),
    textAffine: namesOf(affine),
    detail: namesOf(head),
    detailConfig,
    textEncoder: namesOf(text),
  };
}

/** @throws SaltError `CHECKPOINT_INVALID` when such a head cannot be joined to this SAM */
function headTensors(config: SamConfig, detail: DetailConfig): readonly ExpectedTensor[] {
  try {
    return expectedDetailTensors(config, detail);
  } catch (error) {
    if (!(error instanceof SaltError)) throw error;
    throw invalid(`The checkpoint's ${DETAIL_CONFIG_KEY} does not fit its SAM: ${error.message}`);
  }
}

/**
 * Reads every weight into memory and checks that all are there, of the right shape, and finite.
 * @throws SaltError `CHECKPOINT_MISMATCH` listing all that is missing, surplus or misshapen; `NOT_FINITE`;
 *   `CHECKPOINT_INVALID`, `FILE_UNREADABLE`
 */
export async function loadSamWeights(
  source: CheckpointSource,
  options: LoadSamOptions = {},
): Promise<SamWeights> {
  const { config, detailConfig, ...plan } = planSam(source, options);
  const read = async (names: ReadonlyMap<string, string>): Promise<Map<string, FloatTensor>> => {
    const tensors = new Map<string, FloatTensor>();
    for (const [name, sourceName] of names) {
      const tensor = await source.float32(sourceName);
      assertFinite(name, tensor.data);
      tensors.set(name, tensor);
    }
    return tensors;
  };
  const { sam, textAffine, detail, textEncoder } = plan;
  return {
    config,
    weights: await read(sam),
    ...(textAffine.size > 0 && { textAffine: await read(textAffine) }),
    ...(detailConfig && { detail: { config: detailConfig, weights: await read(detail) } }),
    ...(textEncoder.size > 0 && {
      textEncoder: withoutPrefix(await read(textEncoder), TEXT_ENCODER_PREFIX),
    }),
  };
}

function withoutPrefix(tensors: ReadonlyMap<string, FloatTensor>, prefix: string): Map<string, FloatTensor> {
  return new Map([...tensors].map(([name, value]) => [name.slice(prefix.length), value]));
}

/** What wrappers (`module.` of DistributedDataParallel, a trainer's own field) put before all names. */
function findPrefix(names: readonly string[]): string {
  for (const name of names) {
    const prefix = /^(.*?)(?:image_encoder|vision_encoder)\./.exec(name)?.[1];
    if (prefix !== undefined) return names.every((other) => other.startsWith(prefix)) ? prefix : '';
  }
  return '';
}

/** Meta's name -> the checkpoint's. */
function namesByMeta(names: readonly string[]): Map<string, string> {
  const wanted = names.filter((name) => !IGNORED.has(name));
  return hasHuggingFaceNames(wanted) ? metaNames(wanted) : new Map(wanted.map((name) => [name, name]));
}

/** @throws SaltError `CHECKPOINT_INVALID` when there is something under the key that is not what it should be */
function fromMetadata<T>(
  metadata: Readonly<Record<string, string>>,
  key: string,
  schema: z.ZodType<T>,
): T | undefined {
  const json = metadata[key];
  if (json === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid(`The checkpoint's ${key} is not valid JSON.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = faultsOf(parsed.error);
  throw invalid(`The checkpoint's ${key} describes no SAM: ${faults.join('; ')}.`, { faults });
}
