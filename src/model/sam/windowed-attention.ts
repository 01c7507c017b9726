import * as ops from '../../graph/ops/index.ts';
import type { Value } from '../../graph/graph.ts';
import type { Scope } from '../scope.ts';
import { hasPadding, headSelections, windowCount } from './token-grid.ts';
import type { TokenGrid } from './token-grid.ts';

/**
 * Multi-head attention within windows of a token grid, with decomposed relative positions (Li et al., MViTv2, 2022,
 * section 4.1). A window as large as the grid is global attention.
 *
 * SAM pads the grid with zero tokens before the qkv layer, so that a padding token's query, key and value are what
 * that layer returns for zero. One zero row beside the real tokens gives the same numbers, whatever rule computes
 * the layer, without multiplying hundreds of zeros.
 *
 * @param rows [batch x side^2, C]
 * @returns the same shape
 */
export function windowedAttention(scope: Scope, rows: Value, grid: TokenGrid): Value {
  const { heads, window } = grid;
  const width = rows.shape[1] ?? 0;
  const depth = width / heads;
  const padded = hasPadding(grid) ? ops.pad(rows, [[0, 1], [0, 0]]) : rows; // prettier-ignore
  const qkv = ops.reshape(scope.linear('qkv', padded, 3 * width), [-1, depth]);

  const selections = headSelections(grid);
  const shape = [windowCount(grid) * heads, window * window, depth];
  const [q, k, v] = ops.selectRows(qkv, selections.qkv).map((part) => ops.reshape(part, shape)) as [
    Value,
    Value,
    Value,
  ];
  const marks = scope.graph.constant(placeMarks(window), [window * window, 2 * window]);
  const attended = ops.attention(withRelativePositions(scope, q, window), k, v, marks);
  const [joined] = ops.selectRows(ops.reshape(attended, [-1, depth]), [selections.back]) as [Value];
  return scope.linear('proj', ops.reshape(joined, rows.shape), width);
}

/**
 * Queries whose products with the keys are the scores q k / sqrt(d) + q Rh[y - y'] + q Rw[x - x']: the position terms
 * ride along as further columns, against keys that mark each token's row and column with a one. The scores themselves,
 * the largest tensor of the model, are then formed once and never added to.
 */
function withRelativePositions(scope: Scope, q: Value, window: number): Value {
  const [groups = 0, area = 0, depth = 0] = q.shape;
  const grid = ops.reshape(q, [groups, window, window, depth]);
  const byRow = ops.matmul(grid, relativeTable(scope, 'rel_pos_h', window, depth));
  const turned = ops.transpose(grid, [0, 2, 1, 3]);
  const byColumn = ops.matmul(turned, relativeTable(scope, 'rel_pos_w', window, depth));
  const columns = [
    ops.mul(q, 1 / Math.sqrt(depth)),
    ops.reshape(byRow, [groups, area, window]),
    ops.reshape(ops.transpose(byColumn, [0, 2, 1, 3]), [groups, area, window]),
  ];
  return ops.concat(columns, 2);
}

/** [window, depth, window]: for each query coordinate, the table's row of each key coordinate, as columns. */
function relativeTable(scope: Scope, name: string, window: number, depth: number): Value {
  const table = scope.tensor(name, [2 * window - 1, depth]);
  const offsets = Array.from(
    { length: window * window },
    (_, i) => Math.floor(i / window) - (i % window) + window - 1,
  );
  return ops.transposeLast(ops.reshape(ops.gatherRows(table, offsets), [window, window, depth]));
}

/** For each token of a window, ones at its row and, after all rows, at its column. */
function placeMarks(window: number): Float32Array {
  const marks = new Float32Array(window * window * 2 * window);
  for (let i = 0; i < window * window; i++) {
    marks[i * 2 * window + Math.floor(i / window)] = 1;
    marks[i * 2 * window + window + (i % window)] = 1;
  }
  return marks;
}
