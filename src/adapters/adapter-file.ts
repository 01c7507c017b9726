/**
 * Adapter files: safetensors (F32) with the trained tensors under their names in the checkpoint, the embeddings of
 * the prompts as `prompt.<n>`, and one JSON document in the metadata. What the adapter needs beside (U and V^T) is
 * computed from the base model again, which keeps the file at a few MB.
 */
import type { FloatTensor } from '../graph/tensor.ts';
import { assertFinite } from '../model/checkpoint/finite.ts';
import { encodeSafetensors } from '../model/checkpoint/safetensors-writer.ts';
import { parseSafetensors } from '../model/checkpoint/safetensors.ts';
import { SaltError } from '../protocol/errors.ts';
import { faultsOf } from '../protocol/faults.ts';
import { adapterInfoSchema } from './adapter-info.ts';
import type { AdapterInfo } from './adapter-info.ts';

export interface AdapterFile {
  readonly info: AdapterInfo;
  /** Every trained tensor, by name in the checkpoint. */
  readonly values: ReadonlyMap<string, FloatTensor>;
  /** The text embedding [T] of each of `info.prompts`; undefined where the model takes no text. */
  readonly embeddings: readonly (FloatTensor | undefined)[];
}

/** The metadata that holds `AdapterInfo` as JSON: by it an adapter file is known. */
export const ADAPTER_INFO_KEY = 'ohif_salt_adapter';
const PROMPT_TENSOR = /^prompt\.(?:0|[1-9]\d*)$/;

/** @throws SaltError `ADAPTER_INVALID` when info and embeddings contradict, `NOT_FINITE` for NaN or Inf in a tensor */
export function encodeAdapter({ info, values, embeddings }: AdapterFile): Uint8Array<ArrayBuffer> {
  const checked = parseInfo(info);
  const tensors = new Map(values);
  embeddings.forEach((embedding, n) => {
    if (embedding) tensors.set(`prompt.${n}`, embedding);
  });
  checkEmbeddings(checked, embeddings);
  return encodeSafetensors(tensors, { [ADAPTER_INFO_KEY]: JSON.stringify(checked) });
}

/**
 * Tensors may be views of `bytes`: do not write to them. Whether they fit a model is for `checkTrainedValues` to say.
 * @throws SaltError `CHECKPOINT_INVALID` for a broken safetensors file, `ADAPTER_INVALID` for one that is no adapter,
 *   `NOT_FINITE` for NaN or Inf in a tensor
 */
export function decodeAdapter(bytes: Uint8Array): AdapterFile {
  const file = parseSafetensors(bytes);
  const json = file.metadata[ADAPTER_INFO_KEY];
  if (json === undefined) {
    throw new SaltError(
      'ADAPTER_INVALID',
      `The file is safetensors but no adapter: its metadata has no "${ADAPTER_INFO_KEY}".`,
    );
  }
  const info = parseInfo(parseJson(json));
  const values = new Map<string, FloatTensor>();
  const prompts = new Map<string, FloatTensor>();
  for (const name of file.names) {
    const tensor = file.float32(name);
    assertFinite(name, tensor.data);
    (PROMPT_TENSOR.test(name) ? prompts : values).set(name, tensor);
  }
  const embeddings = info.prompts.map((_, n) => prompts.get(`prompt.${n}`));
  if (embeddings.filter((embedding) => embedding).length !== prompts.size) {
    throw new SaltError('ADAPTER_INVALID', 'The adapter holds embeddings of prompts that it does not name.');
  }
  checkEmbeddings(info, embeddings);
  return { info, values, embeddings };
}

/** A base model, as its adapters know it. */
export interface BaseModel {
  readonly name: string;
  /** `weightsHash` */
  readonly weightsHash: string;
}

/**
 * Demands that an adapter was trained on this very model.
 * @throws SaltError `CHECKPOINT_MISMATCH` naming both models and both hashes
 */
export function requireBaseModel({ model }: AdapterInfo, base: BaseModel): void {
  if (model.kind === 'sam' && model.weightsHash === base.weightsHash) return;
  const wanted = model.kind === 'sam' ? `"${model.name}" (weights ${model.weightsHash})` : 'no base model';
  throw new SaltError(
    'CHECKPOINT_MISMATCH',
    `The adapter belongs to ${wanted}, but the model given is "${base.name}" (weights ${base.weightsHash}).`,
    {
      expected: model.kind === 'sam' ? { name: model.name, weightsHash: model.weightsHash } : null,
      given: { ...base },
    },
  );
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new SaltError('ADAPTER_INVALID', "The adapter's metadata is not valid JSON.");
  }
}

function parseInfo(value: unknown): AdapterInfo {
  const result = adapterInfoSchema.safeParse(value);
  if (result.success) return result.data;
  const faults = faultsOf(result.error);
  throw new SaltError(
    'ADAPTER_INVALID',
    `The adapter's metadata is not as it must be (${faults.join('; ')}).`,
    {
      faults,
    },
  );
}

/** A prompt has an embedding exactly when an encoder made one, of the model's width. */
function checkEmbeddings(info: AdapterInfo, embeddings: readonly (FloatTensor | undefined)[]): void {
  const width = info.model.kind === 'sam' ? info.model.config.textDim : undefined;
  const fits =
    embeddings.length === info.prompts.length &&
    info.prompts.every(({ encoder }, n) => {
      const embedding = embeddings[n];
      if (encoder === null || width === undefined) return encoder === null && embedding === undefined;
      return embedding?.shape.length === 1 && embedding.shape[0] === width;
    });
  if (!fits) {
    throw new SaltError(
      'ADAPTER_INVALID',
      `The adapter needs, for each of its ${info.prompts.length} prompts with a text encoder, an embedding of ${width ?? 0} numbers, and no others.`,
    );
  }
}
