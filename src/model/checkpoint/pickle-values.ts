/**
 * What a restricted pickle can hold. Lists, dicts and tuples may contain each other and themselves, so whoever
 * walks over them bounds the depth.
 */
import type { Shape } from '../../graph/tensor.ts';
import type { StoredDType } from './dtypes.ts';

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleGlobal
  | StorageRef
  | PickledTensor;

export interface PickleTuple {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

export interface PickleList {
  readonly kind: 'list';
  readonly items: PickleValue[];
}

export interface PickleDict {
  readonly kind: 'dict';
  readonly entries: Map<DictKey, PickleValue>;
  /** Whether Python would see a `collections.OrderedDict`. */
  readonly ordered: boolean;
}

export type DictKey = null | boolean | number | bigint | string;

/** A name in Python, such as `torch.FloatStorage`. Only ever compared, never called. */
export interface PickleGlobal {
  readonly kind: 'global';
  readonly name: string;
}

/** An array of numbers in the archive, `data/<key>`. */
export interface StorageRef {
  readonly kind: 'storage';
  readonly key: string;
  readonly dtype: StoredDType;
  /** In elements. */
  readonly length: number;
}

/** A view of a storage; offset and strides in elements. All of it lies within the storage. */
export interface PickledTensor {
  readonly kind: 'tensor';
  readonly storage: StorageRef;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

type Kind = 'tuple' | 'list' | 'dict' | 'global' | 'storage' | 'tensor';

export function isKind<K extends Kind>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** The value's Python type, for messages. */
export function typeName(value: PickleValue): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (value.kind === 'dict' && value.ordered) return 'OrderedDict';
  return value.kind === 'global' ? value.name : value.kind;
}
