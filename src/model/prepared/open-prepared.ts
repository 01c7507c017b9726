import type { ByteSource } from '../checkpoint/byte-source.ts';
import type { CheckpointSource } from '../checkpoint/checkpoint-source.ts';
import { invalid, quote } from '../checkpoint/invalid.ts';
import { openSafetensors } from '../checkpoint/safetensors.ts';
import type { PreparedFile, PreparedIndex } from './prepared-index.ts';

/**
 * A prepared model as a checkpoint. A shard is opened when the first of its tensors is asked for.
 * @param openShard its bytes, from a folder or a cache
 */
export function openPrepared(
  index: PreparedIndex,
  openShard: (file: PreparedFile) => Promise<ByteSource>,
): CheckpointSource {
  const tensors = new Map(Object.entries(index.tensors));
  const opened = new Map<number, Promise<CheckpointSource>>();
  const find = (name: string): { readonly shape: readonly number[]; readonly shard: number } => {
    const tensor = tensors.get(name);
    if (!tensor) throw invalid(`The model holds no tensor ${quote(name)}.`, { tensor: name });
    return tensor;
  };
  const shardOf = (number: number): Promise<CheckpointSource> => {
    const known = opened.get(number);
    if (known) return known;
    const opening = openOne(index, number, openShard);
    opened.set(number, opening);
    return opening;
  };
  return {
    metadata: index.metadata,
    names: [...tensors.keys()],
    shape: (name) => find(name).shape,
    dtype: (name) => {
      find(name);
      return 'F16';
    },
    async float32(name) {
      const { shape, shard } = find(name);
      const tensor = await (await shardOf(shard)).float32(name);
      if (tensor.shape.join() !== shape.join()) {
        throw invalid(
          `Tensor ${quote(name)} is [${tensor.shape.join(', ')}] in its shard, [${shape.join(', ')}] in the index.`,
          { tensor: name },
        );
      }
      return tensor;
    },
  };
}

async function openOne(
  { shards }: PreparedIndex,
  number: number,
  openShard: (file: PreparedFile) => Promise<ByteSource>,
): Promise<CheckpointSource> {
  const file = shards[number];
  if (!file) throw invalid(`The model has no shard ${number}.`);
  const source = await openShard(file);
  if (source.size !== file.bytes) {
    throw invalid(`${file.name} has ${source.size} bytes, not ${file.bytes}: import the model again.`, {
      file: file.name,
    });
  }
  return openSafetensors(source);
}
