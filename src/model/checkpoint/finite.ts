import { SaltError } from '../../protocol/errors.ts';

/**
 * Demands that every number be finite: file formats do not, and one NaN spoils a whole model.
 * @throws SaltError `NOT_FINITE` naming the tensor and the first offending index (in row-major order)
 */
export function assertFinite(name: string, data: Float32Array): void {
  for (let index = 0; index < data.length; index += 1) {
    const value = data[index] ?? 0;
    if (!Number.isFinite(value)) {
      throw new SaltError('NOT_FINITE', `Tensor "${name}" holds ${value} at index ${index}.`, {
        tensor: name,
        index,
      });
    }
  }
}
