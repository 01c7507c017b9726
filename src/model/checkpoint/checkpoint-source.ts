import type { FloatTensor, Shape } from '../../graph/tensor.ts';
import type { StoredDType } from './dtypes.ts';

/** A checkpoint's tensors, whatever the file format. Nothing is read before it is asked for. */
export interface CheckpointSource {
  /** Strings that the writer left; empty where the format has none. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  /** @throws SaltError `CHECKPOINT_INVALID` when there is no such tensor */
  shape(name: string): Shape;
  /** How its numbers are stored. @throws SaltError `CHECKPOINT_INVALID` when there is no such tensor */
  dtype(name: string): StoredDType;
  /**
   * Converted to float32. The data may be a view of the file's bytes: do not write to it.
   * @throws SaltError `CHECKPOINT_INVALID`, `FILE_UNREADABLE`
   */
  float32(name: string): Promise<FloatTensor>;
}

/** The tensors whose names start with `prefix`, under the rest of their names. */
export function selectPrefix(source: CheckpointSource, prefix: string): CheckpointSource {
  return {
    metadata: source.metadata,
    names: source.names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
    shape: (name) => source.shape(prefix + name),
    dtype: (name) => source.dtype(prefix + name),
    float32: (name) => source.float32(prefix + name),
  };
}

/** Tensors under other names, and those alone. @param names ours -> the source's */
export function renameTensors(
  source: CheckpointSource,
  names: ReadonlyMap<string, string>,
): CheckpointSource {
  const theirs = (name: string): string => names.get(name) ?? name;
  return {
    metadata: source.metadata,
    names: [...names.keys()],
    shape: (name) => source.shape(theirs(name)),
    dtype: (name) => source.dtype(theirs(name)),
    float32: (name) => source.float32(theirs(name)),
  };
}
