/** The few names that torch.save writes into a pickle, and what they stand for. */
import type { StoredDType } from './dtypes.ts';
import { invalid, quote } from './invalid.ts';
import {
  isKind,
  typeName,
  type PickledTensor,
  type PickleTuple,
  type PickleValue,
  type StorageRef,
} from './pickle-values.ts';

const STORAGE_DTYPES: ReadonlyMap<string, StoredDType> = new Map([
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.DoubleStorage', 'F64'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
]);

const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2';
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';

/** PyTorch's own limit on dimensions. */
const MAX_RANK = 64;

/** Every name from torch that a checkpoint may use. */
export const TORCH_GLOBALS: ReadonlySet<string> = new Set([
  ...STORAGE_DTYPES.keys(),
  REBUILD_TENSOR,
  REBUILD_PARAMETER,
]);

/**
 * A persistent id: ('storage', type, key, location, number of elements). The location (a device) is ignored.
 * @throws SaltError `CHECKPOINT_INVALID`
 */
export function storageFromId(id: PickleValue): StorageRef {
  const [tag, type, key, , length] = items(id) ?? [];
  const dtype = isKind(type, 'global') ? STORAGE_DTYPES.get(type.name) : undefined;
  if (tag !== 'storage' || dtype === undefined || typeof key !== 'string' || !isSize(length)) {
    throw invalid('A storage of the checkpoint is not described as PyTorch describes it.');
  }
  return { kind: 'storage', key, dtype, length };
}

/**
 * What a permitted function returns for these arguments; `undefined` when the name is no function of torch.
 * @throws SaltError `CHECKPOINT_INVALID`
 */
export function callTorch(name: string, args: PickleTuple): PickledTensor | undefined {
  if (name === REBUILD_PARAMETER) {
    const [tensor] = args.items;
    if (isKind(tensor, 'tensor')) return tensor;
    throw invalid(`A parameter is made from ${typeName(tensor ?? null)}, not from a tensor.`);
  }
  return name === REBUILD_TENSOR ? rebuildTensor(args) : undefined;
}

/** Arguments: storage, offset, shape, strides, then what only training needs. */
function rebuildTensor({ items: [storage, offset, shapeTuple, stridesTuple] }: PickleTuple): PickledTensor {
  const shape = sizes(shapeTuple);
  const strides = sizes(stridesTuple);
  if (
    !isKind(storage, 'storage') ||
    !isSize(offset) ||
    !shape ||
    !strides ||
    shape.length !== strides.length
  ) {
    throw invalid('A tensor of the checkpoint is not described as PyTorch describes it.');
  }
  const where = `of storage ${quote(storage.key)}`;
  const count = shape.reduce((product, extent) => product * extent, 1);
  const last = shape.reduce((index, extent, axis) => index + (extent - 1) * (strides[axis] ?? 0), offset);
  if (count > 0 && last >= storage.length) throw invalid(`A tensor ${where} reaches beyond its end.`);
  // Strides of 0 could claim any size from one number.
  if (!Number.isSafeInteger(count) || count > storage.length)
    throw invalid(`A tensor ${where} has more elements than the storage; save it contiguous.`);
  return { kind: 'tensor', storage, offset, shape, strides };
}

function items(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return isKind(value, 'tuple') ? value.items : undefined;
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function sizes(value: PickleValue | undefined): number[] | undefined {
  const list = items(value);
  return list && list.length <= MAX_RANK && list.every(isSize) ? [...list] : undefined;
}
