/** Turns a checkpoint of any size into shards that a browser can fetch, keep and check one by one. */
import { floatTensor, sizeOf } from '../../graph/tensor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import type { CheckpointSource } from '../checkpoint/checkpoint-source.ts';
import { assertFinite } from '../checkpoint/finite.ts';
import { floatsToHalves, halvesToFloats } from '../checkpoint/half.ts';
import { encodeSafetensors } from '../checkpoint/safetensors-writer.ts';
import { sha256, weightsHasher } from '../checkpoint/weights-hash.ts';
import { PREPARED_FORMAT } from './prepared-index.ts';
import type { PreparedFile, PreparedIndex } from './prepared-index.ts';
import type { Recognised } from './recognise.ts';
import { roundingMeter } from './rounding.ts';

/** Where shards go. */
export interface ShardSink {
  /** @throws SaltError `FILE_UNWRITABLE` */
  write(file: PreparedFile, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

export interface PrepareOptions {
  readonly name: string;
  /** What the checkpoint's file is called, and its SHA-256 where it is known. */
  readonly source: { readonly file: string; readonly sha256?: string };
  /** Others that belong to the model, already kept. */
  readonly files?: readonly PreparedFile[];
  readonly signal?: AbortSignal | undefined;
  /** @param done of `total` numbers */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Default: 64 MB. A larger tensor has a shard of its own. */
  readonly shardBytes?: number;
}

const SHARD_BYTES = 64 * 10 ** 6;
const BYTES_PER_HALF = 2;

/**
 * Rounds to float16, tensor by tensor, and writes shard after shard. In memory are one shard and one tensor.
 * @returns the index, which is still to be written: without it, the shards are nothing
 * @throws SaltError `NOT_FINITE` for NaN, Inf and what overflows float16; what reading and `sink` throw
 */
export async function prepareModel(
  source: CheckpointSource,
  recognised: Recognised,
  sink: ShardSink,
  options: PrepareOptions,
): Promise<PreparedIndex> {
  const { name, files = [], signal, onProgress, shardBytes = SHARD_BYTES } = options;
  const plan = planShards(source, recognised.tensors, shardBytes);
  const meter = roundingMeter();
  const hasher = weightsHasher();
  const shards: PreparedFile[] = [];
  const tensors: Record<string, { shape: number[]; shard: number }> = {};
  let done = 0;
  for (const [number, members] of plan.entries()) {
    const held = new Map<string, FloatTensor>();
    for (const [ours, theirs] of members) {
      signal?.throwIfAborted();
      const tensor = await source.float32(theirs);
      assertFinite(ours, tensor.data);
      const rounded = floatTensor(tensor.shape, halvesToFloats(floatsToHalves(tensor.data)));
      meter.add(ours, tensor.data, rounded.data);
      if (recognised.hashed.has(ours)) await hasher.add(ours, rounded);
      held.set(ours, tensor);
      tensors[ours] = { shape: [...tensor.shape], shard: number };
      done += tensor.data.length;
      onProgress?.(done, recognised.parameters);
    }
    const bytes = encodeSafetensors(held, {}, { dtype: 'F16' });
    const hash = await sha256(bytes);
    const shard = { name: shardName(number, plan.length, hash), bytes: bytes.byteLength, sha256: hash };
    await sink.write(shard, bytes);
    shards.push(shard);
  }
  return {
    format: PREPARED_FORMAT,
    name,
    kind: recognised.kind,
    architecture: recognised.architecture,
    source: { ...options.source, naming: recognised.naming, dtypes: [...recognised.dtypes] },
    parameters: recognised.parameters,
    weightsHash: await hasher.finish(),
    rounding: meter.worst(),
    metadata: { ...recognised.metadata },
    shards,
    tensors,
    files: [...files],
  };
}

/** Neighbours share a shard, in the order of the model. */
function planShards(
  source: CheckpointSource,
  tensors: ReadonlyMap<string, string>,
  shardBytes: number,
): (readonly [string, string])[][] {
  const shards: (readonly [string, string])[][] = [];
  let filled = Infinity;
  for (const [ours, theirs] of tensors) {
    const bytes = BYTES_PER_HALF * sizeOf(source.shape(theirs));
    if (filled + bytes > shardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)?.push([ours, theirs]);
    filled += bytes;
  }
  return shards;
}

/** The hash in the name keeps a browser from taking an older model's shard for this one's. */
function shardName(number: number, count: number, hash: string): string {
  const digits = (value: number): string => String(value).padStart(5, '0');
  return `shard-${digits(number + 1)}-of-${digits(count)}-${hash.slice(0, 8)}.safetensors`;
}
