/** Element types that our graphs use. Everything that is differentiated is float32. */
export type DType = 'float32' | 'int32' | 'int64' | 'bool' | 'uint8';

export type Shape = readonly number[];

/** A dense, row-major tensor in ordinary memory. */
export interface HostTensor<D extends Exclude<DType, 'int64'> = Exclude<DType, 'int64'>> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: D extends 'float32' ? Float32Array : D extends 'int32' ? Int32Array : Uint8Array;
}

export type FloatTensor = HostTensor<'float32'>;

export interface TensorSpec {
  readonly name: string;
  readonly shape: Shape;
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

export function floatTensor(shape: Shape, data: Float32Array = new Float32Array(sizeOf(shape))): FloatTensor {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`${data.length} numbers do not fill a tensor of shape [${shape.join(', ')}]`);
  }
  return { dtype: 'float32', shape, data };
}
