import type { Shape } from '../../graph/tensor.ts';

/** Whether strides (in elements) are those of a dense, row-major tensor; axes of one element do not matter. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const extent = shape[axis] ?? 1;
    if (extent > 1 && strides[axis] !== expected) return false;
    expected *= extent;
  }
  return true;
}

/**
 * The elements of a strided view, in row-major order.
 * @param data starts at the view's first element and reaches at least its last
 */
export function gatherStrided(data: Float32Array, shape: Shape, strides: readonly number[]): Float32Array {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const dense = new Float32Array(count);
  const position = shape.map(() => 0);
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    dense[i] = data[at] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const stride = strides[axis] ?? 0;
      const next = (position[axis] ?? 0) + 1;
      if (next < (shape[axis] ?? 1)) {
        position[axis] = next;
        at += stride;
        break;
      }
      position[axis] = 0;
      at -= (next - 1) * stride;
    }
  }
  return dense;
}
