/** Element types of stored tensors, and their conversion into what we compute with. All are little-endian. */
import { floatTensor, type FloatTensor, type Shape } from '../../graph/tensor.ts';
import { bfloatsToFloats, halvesToFloats } from './half.ts';
import { invalid, quote } from './invalid.ts';

/** Bytes of one element, by the names that safetensors gives the types. */
const BYTES_PER_ELEMENT = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type StoredDType = keyof typeof BYTES_PER_ELEMENT;

export interface TensorInfo {
  readonly dtype: StoredDType;
  readonly shape: Shape;
}

export function isStoredDType(name: string): name is StoredDType {
  return Object.hasOwn(BYTES_PER_ELEMENT, name);
}

export function bytesPerElement(dtype: StoredDType): number {
  return BYTES_PER_ELEMENT[dtype];
}

/**
 * The bytes that a tensor fills.
 * @throws SaltError `CHECKPOINT_INVALID` past 2^53 - 1, where a product stops being exact
 */
export function byteLengthOf(name: string, { dtype, shape }: TensorInfo): number {
  let product: number = BYTES_PER_ELEMENT[dtype];
  for (const extent of shape) {
    product *= extent;
    if (!Number.isSafeInteger(product)) {
      throw invalid(`Tensor ${quote(name)} claims a shape whose size overflows.`, { tensor: name });
    }
  }
  return product;
}

/**
 * Stored real numbers as float32. Aligned F32 comes back as a view of `bytes`: do not write to it.
 * @param bytes exactly the tensor's bytes
 * @throws SaltError `CHECKPOINT_INVALID` for an integer type
 */
export function decodeFloat32(name: string, { dtype, shape }: TensorInfo, bytes: Uint8Array): FloatTensor {
  const { buffer, byteOffset, byteLength } = aligned(bytes, BYTES_PER_ELEMENT[dtype]);
  switch (dtype) {
    case 'F32':
      return floatTensor(shape, new Float32Array(buffer, byteOffset, byteLength / 4));
    case 'F64':
      return floatTensor(shape, Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8)));
    case 'F16':
      return floatTensor(shape, halvesToFloats(new Uint16Array(buffer, byteOffset, byteLength / 2)));
    case 'BF16':
      return floatTensor(shape, bfloatsToFloats(new Uint16Array(buffer, byteOffset, byteLength / 2)));
    default:
      throw invalid(`Tensor ${quote(name)} holds ${dtype}, where F32, F16, BF16 or F64 is needed.`, {
        tensor: name,
        dtype,
      });
  }
}

/**
 * Stored integers (and booleans, as 0 and 1) as numbers.
 * @param bytes exactly the tensor's bytes
 * @throws SaltError `CHECKPOINT_INVALID` for a real type, and for integers beyond 2^53
 */
export function decodeIntegers(name: string, { dtype }: TensorInfo, bytes: Uint8Array): number[] {
  const { buffer, byteOffset, byteLength } = aligned(bytes, BYTES_PER_ELEMENT[dtype]);
  switch (dtype) {
    case 'BOOL':
    case 'U8':
      return Array.from(bytes);
    case 'I8':
      return Array.from(new Int8Array(buffer, byteOffset, byteLength));
    case 'I16':
      return Array.from(new Int16Array(buffer, byteOffset, byteLength / 2));
    case 'U16':
      return Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'I32':
      return Array.from(new Int32Array(buffer, byteOffset, byteLength / 4));
    case 'U32':
      return Array.from(new Uint32Array(buffer, byteOffset, byteLength / 4));
    case 'I64':
      return exactNumbers(name, new BigInt64Array(buffer, byteOffset, byteLength / 8));
    case 'U64':
      return exactNumbers(name, new BigUint64Array(buffer, byteOffset, byteLength / 8));
    default:
      throw invalid(`Tensor ${quote(name)} holds ${dtype}, where integers are needed.`, {
        tensor: name,
        dtype,
      });
  }
}

function exactNumbers(name: string, values: BigInt64Array | BigUint64Array): number[] {
  return Array.from(values, (value) => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw invalid(`Tensor ${quote(name)} holds ${value}, which is too large to be exact.`, { tensor: name });
  });
}

/** Typed arrays may start only at multiples of their element's size. */
function aligned(bytes: Uint8Array, alignment: number): Uint8Array {
  return bytes.byteOffset % alignment === 0 ? bytes : bytes.slice();
}
