import type { Value } from '../graph.ts';
import { matmul } from '../primitives/linear.ts';
import { mul } from '../primitives/elementwise.ts';
import * as p from '../primitives/convolution.ts';

/**
 * Bilinear resampling with half-pixel centres and clamped borders, without anti-aliasing: PyTorch's
 * `interpolate(mode='bilinear', align_corners=False)`. Both directions are products with small constant
 * matrices, which every provider computes alike, and so is the derivative.
 * @param x [..., H, W]
 */
export function resizeBilinear(x: Value, height: number, width: number): Value {
  const graph = x.graph;
  const [h = 0, w = 0] = x.shape.slice(-2);
  if (h === height && w === width) return x;
  const rows = (): Value => graph.constant(interpolation(h, height), [height, h]);
  const columns = (): Value => graph.constant(transposed(interpolation(w, width), width, w), [w, width]);
  const y = matmul(matmul(rows(), x), columns());
  graph.record([x], [y], ([dy]) => {
    if (!dy) return [undefined];
    const rowsBack = graph.constant(transposed(interpolation(h, height), height, h), [h, height]);
    const columnsBack = graph.constant(interpolation(w, width), [width, w]);
    return [matmul(rowsBack, matmul(dy, columnsBack))];
  });
  return y;
}

/**
 * Every pixel repeated `factor` times in both directions.
 * @param x [N, C, H, W]
 */
export function upsampleNearest(x: Value, factor: number): Value {
  if (factor === 1) return x;
  const y = p.upsampleNearest(x, factor);
  x.graph.record([x], [y], ([dy]) => [dy && mul(p.averagePool(dy, factor), factor ** 2)]);
  return y;
}

/** The [to, from] matrix of linear interpolation with half-pixel centres. */
export function interpolation(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const position = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const low = Math.min(Math.floor(position), from - 1);
    const high = Math.min(low + 1, from - 1);
    const fraction = position - low;
    matrix[i * from + low] = (matrix[i * from + low] ?? 0) + 1 - fraction;
    matrix[i * from + high] = (matrix[i * from + high] ?? 0) + fraction;
  }
  return matrix;
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j] ?? 0;
  }
  return result;
}
