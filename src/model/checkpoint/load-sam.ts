/** A SAM out of a checkpoint, whoever named its tensors. */
import type { FloatTensor, Shape } from '../../graph/tensor.ts';
import { samConfigSchema, type SamConfig } from '../sam-config.ts';
import { selectPrefix, type CheckpointSource } from './checkpoint-source.ts';
import { demandTensors } from './compare-tensors.ts';
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
}

export interface LoadSamOptions {
  /** When it is known; otherwise the checkpoint's own metadata or its shapes tell. */
  readonly config?: SamConfig;
}

/** The metadata under which our own files keep their `SamConfig` as JSON. */
export const SAM_CONFIG_KEY = 'sam_config';

/** Constants of the image's normalisation that Meta's files carry. */
const IGNORED = new Set(['pixel_mean', 'pixel_std']);

/** The metadata from which `loadSamWeights` reads the configuration back. */
export function samMetadata(config: SamConfig): Record<string, string> {
  return { [SAM_CONFIG_KEY]: JSON.stringify(config) };
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
  const unwrapped = selectPrefix(source, findPrefix(source.names));
  const sourceNames = namesByMeta(unwrapped.names);
  const shapes = new Map<string, Shape>();
  for (const [name, sourceName] of sourceNames) shapes.set(name, unwrapped.shape(sourceName));

  const config = options.config ?? configFromMetadata(source.metadata) ?? inferSamConfig(shapes);
  const sam = expectedTensors(config);
  const affine = [...shapes.keys()].some((name) => name.startsWith('text_affine.'))
    ? expectedTextAffine(config)
    : [];
  demandTensors(config, [...sam, ...affine], shapes);

  const read = async (names: readonly { readonly name: string }[]): Promise<Map<string, FloatTensor>> => {
    const tensors = new Map<string, FloatTensor>();
    for (const { name } of names) {
      const tensor = await unwrapped.float32(sourceNames.get(name) ?? name);
      assertFinite(name, tensor.data);
      tensors.set(name, tensor);
    }
    return tensors;
  };
  const weights = await read(sam);
  return affine.length > 0 ? { config, weights, textAffine: await read(affine) } : { config, weights };
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

function configFromMetadata(metadata: Readonly<Record<string, string>>): SamConfig | undefined {
  const json = metadata[SAM_CONFIG_KEY];
  if (json === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid(`The checkpoint's ${SAM_CONFIG_KEY} is not valid JSON.`);
  }
  const parsed = samConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw invalid(`The checkpoint's ${SAM_CONFIG_KEY} describes no SAM: ${faults.join('; ')}.`, { faults });
}
