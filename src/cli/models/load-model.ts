import { readFile } from 'node:fs/promises';
import { ADAPTER_INFO_KEY, decodeAdapter } from '../../adapters/index.ts';
import type { AdapterFile } from '../../adapters/index.ts';
import type { SamBase } from '../../inference/sam-base.ts';
import { unetOfAdapter } from '../../inference/trained-model.ts';
import type { TrainedUnet } from '../../inference/trained-model.ts';
import { loadSamWeights } from '../../model/checkpoint/load-sam.ts';
import { randomSamWeights } from '../../model/checkpoint/random-weights.ts';
import { weightsHash } from '../../model/checkpoint/weights-hash.ts';
import { openModelFile } from '../../model/prepared/open-model-file.node.ts';
import { SaltError } from '../../protocol/errors.ts';
import { rememberBase } from './folders.ts';
import type { ModelSource } from './model-source.ts';
import { RANDOM_SAMS } from './random-models.ts';

/** A model in memory. */
export type LoadedModel =
  | { readonly kind: 'sam'; readonly base: SamBase }
  | { readonly kind: 'unet'; readonly name: string; readonly trained?: TrainedUnet };

/** Random models are the same every time, so that an adapter finds its base again. */
const RANDOM_SEED = 1;

/**
 * Reads a model. The file of a U-Net that was trained here is a model, too.
 * @throws SaltError `CHECKPOINT_INVALID`, `CHECKPOINT_REFUSED`, `CHECKPOINT_MISMATCH`, `FILE_UNREADABLE`, `NOT_FINITE`;
 *   `INVALID_ARGUMENT` for the adapter of another model; `HASH_MISMATCH` for a prepared model that is damaged
 */
export async function loadModel(source: ModelSource): Promise<LoadedModel> {
  switch (source.kind) {
    case 'unet':
      return { kind: 'unet', name: 'unet' };
    case 'random': {
      const config = RANDOM_SAMS.get(source.name);
      if (!config) throw new SaltError('MODEL_UNKNOWN', `There is no model "${source.name}".`);
      const weights = randomSamWeights(config, RANDOM_SEED);
      return {
        kind: 'sam',
        base: { name: source.name, weightsHash: await weightsHash(weights), config, weights },
      };
    }
    case 'file':
      return loadFile(source.path, source.name);
  }
}

async function loadFile(path: string, name: string): Promise<LoadedModel> {
  const file = await openModelFile(path, name);
  try {
    if (ADAPTER_INFO_KEY in file.source.metadata) return asModel(await readAdapter(path), name);
    const sam = await loadSamWeights(file.source);
    const hash = await weightsHash(sam.weights);
    if (file.index && file.index.weightsHash !== hash) {
      throw new SaltError(
        'HASH_MISMATCH',
        `The prepared model ${name} is damaged: its numbers are not those that were imported. Remove it and import it again.`,
        { path },
      );
    }
    await rememberBase(hash, path);
    return { kind: 'sam', base: { name, weightsHash: hash, ...sam } };
  } finally {
    await file.close();
  }
}

/** @throws SaltError `ADAPTER_INVALID`, `CHECKPOINT_INVALID`, `FILE_UNREADABLE`, `NOT_FINITE` */
export async function readAdapter(path: string): Promise<AdapterFile> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SaltError(
      'FILE_UNREADABLE',
      `The adapter ${path} could not be read: ${why}.`,
      { path },
      { cause },
    );
  }
  try {
    return decodeAdapter(bytes);
  } catch (error) {
    if (!(error instanceof SaltError)) throw error;
    throw new SaltError(error.code, `${path}: ${error.message}`, error.details, { cause: error });
  }
}

function asModel(adapter: AdapterFile, name: string): LoadedModel {
  const trained = unetOfAdapter(adapter);
  if (trained) return { kind: 'unet', name, trained };
  throw new SaltError(
    'INVALID_ARGUMENT',
    `${name} is an adapter for "${adapter.info.model.name}", not a model: give it as --adapter.`,
  );
}
