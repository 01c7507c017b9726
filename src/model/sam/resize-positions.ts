import { interpolation } from '../../graph/ops/index.ts';
import { floatTensor } from '../../graph/tensor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';

/** Linear interpolation between the rows of a table [length, C], with half-pixel centres. */
export function resizeRows(table: FloatTensor, length: number): FloatTensor {
  const [from = 0, channels = 0] = table.shape;
  if (from === length) return table;
  return floatTensor([length, channels], applyToAxis(table.data, 1, from, channels, resizing(from, length)));
}

/** Bilinear interpolation of a grid [1, h, w, C] to [1, side, side, C]. */
export function resizeGrid(grid: FloatTensor, side: number): FloatTensor {
  const [, height = 0, width = 0, channels = 0] = grid.shape;
  if (height === side && width === side) return grid;
  const rows = applyToAxis(grid.data, 1, height, width * channels, resizing(height, side));
  return floatTensor(
    [1, side, side, channels],
    applyToAxis(rows, side, width, channels, resizing(width, side)),
  );
}

/**
 * The gradient of a loss by a grid of the given shape [1, h, w, C], from that by the resized grid: the adjoint of
 * `resizeGrid`.
 */
export function resizeGridGradient(gradient: FloatTensor, shape: readonly number[]): FloatTensor {
  const [, side = 0] = gradient.shape;
  const [, height = 0, width = 0, channels = 0] = shape;
  if (height === side && width === side) return gradient;
  const rows = applyToAxis(gradient.data, side, side, channels, transposed(resizing(width, side)));
  const data = applyToAxis(rows, 1, side, width * channels, transposed(resizing(height, side)));
  return floatTensor(shape, data);
}

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly at: (row: number, column: number) => number;
}

function resizing(from: number, to: number): Matrix {
  const weights = interpolation(from, to);
  return { rows: to, columns: from, at: (row, column) => weights[row * from + column] ?? 0 };
}

function transposed({ rows, columns, at }: Matrix): Matrix {
  return { rows: columns, columns: rows, at: (row, column) => at(column, row) };
}

/** The matrix times the middle axis of [outer, length, inner]. */
function applyToAxis(
  data: Float32Array,
  outer: number,
  length: number,
  inner: number,
  matrix: Matrix,
): Float32Array {
  const result = new Float32Array(outer * matrix.rows * inner);
  const sums = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    for (let row = 0; row < matrix.rows; row++) {
      sums.fill(0);
      for (let column = 0; column < matrix.columns; column++) {
        const weight = matrix.at(row, column);
        if (weight === 0) continue;
        const start = (o * length + column) * inner;
        for (let i = 0; i < inner; i++) sums[i]! += weight * data[start + i]!;
      }
      result.set(sums, (o * matrix.rows + row) * inner);
    }
  }
  return result;
}
