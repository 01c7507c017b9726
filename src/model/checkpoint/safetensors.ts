/** Reading safetensors, from memory at once or piece by piece from a `ByteSource`. */
import type { FloatTensor } from '../../graph/tensor.ts';
import type { ByteSource } from './byte-source.ts';
import type { CheckpointSource } from './checkpoint-source.ts';
import { decodeFloat32, decodeIntegers, type TensorInfo } from './dtypes.ts';
import { invalid, quote } from './invalid.ts';
import {
  headerLength,
  LENGTH_BYTES,
  parseHeader,
  type SafetensorsHeader,
  type StoredTensor,
} from './safetensors-header.ts';

/** A safetensors file in memory. Tensors are converted when asked for, each time anew. */
export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the header. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** @throws SaltError `CHECKPOINT_INVALID` when there is no such tensor; so do the two below */
  info(name: string): TensorInfo;
  /** F32, F16, BF16 or F64 as float32. Aligned F32 is a view of the file's bytes: do not write to it. */
  float32(name: string): FloatTensor;
  /** Integer types; BOOL as 0 and 1. */
  integers(name: string): number[];
}

/** @throws SaltError `CHECKPOINT_INVALID` naming the first rule of the format that is broken */
export function parseSafetensors(bytes: Uint8Array): SafetensorsFile {
  const length = headerLength(bytes.subarray(0, LENGTH_BYTES), bytes.byteLength);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length), bytes.byteLength);
  const stored = (name: string): Uint8Array => {
    const { begin, end } = find(header, name);
    return bytes.subarray(begin, end);
  };
  return {
    metadata: header.metadata,
    names: [...header.tensors.keys()],
    has: (name) => header.tensors.has(name),
    info: (name) => infoOf(find(header, name)),
    float32: (name) => decodeFloat32(name, find(header, name), stored(name)),
    integers: (name) => decodeIntegers(name, find(header, name), stored(name)),
  };
}

/**
 * Reads the header only; each tensor is read when it is asked for.
 * @throws SaltError `CHECKPOINT_INVALID`, `FILE_UNREADABLE`
 */
export async function openSafetensors(source: ByteSource): Promise<CheckpointSource> {
  const start = await source.read(0, Math.min(source.size, LENGTH_BYTES));
  const length = headerLength(start, source.size);
  const header = parseHeader(await source.read(LENGTH_BYTES, length), source.size);
  return {
    metadata: header.metadata,
    names: [...header.tensors.keys()],
    shape: (name) => find(header, name).shape,
    dtype: (name) => find(header, name).dtype,
    async float32(name) {
      const tensor = find(header, name);
      return decodeFloat32(name, tensor, await source.read(tensor.begin, tensor.end - tensor.begin));
    },
  };
}

function find(header: SafetensorsHeader, name: string): StoredTensor {
  const tensor = header.tensors.get(name);
  if (!tensor) throw invalid(`The file holds no tensor ${quote(name)}.`, { tensor: name });
  return tensor;
}

function infoOf({ dtype, shape }: StoredTensor): TensorInfo {
  return { dtype, shape };
}
