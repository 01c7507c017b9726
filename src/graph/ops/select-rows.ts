import { SaltError } from '../../protocol/errors.ts';
import type { Value } from '../graph.ts';
import { sum } from '../primitives/reduce.ts';
import { concat, expand, gatherRows, reshape } from '../primitives/shape.ts';

type Selection = readonly number[];

/**
 * Several selections of the rows of x at once, each in one pass over memory: output i holds the rows
 * `selections[i]`. Made for rearrangements, where most rows are read once: the derivative is then one selection
 * too. Rows that are read more often (padding) have their gradients summed.
 *
 * @param x [rows, width]
 * @param selections row indices; a row may appear in one selection only
 * @returns [selection length, width] each
 * @throws SaltError `GRAPH_INVALID` if a row is not there or in two selections
 */
export function selectRows(x: Value, selections: readonly Selection[]): Value[] {
  checkRows(selections, x.shape[0] ?? 0);
  const outputs = selections.map((selection) => gatherRows(x, selection));
  x.graph.record([x], outputs, (gradients) => [spreadBack(x, selections, gradients)]);
  return outputs;
}

function checkRows(selections: readonly Selection[], rows: number): void {
  const owners = new Int32Array(rows).fill(-1);
  selections.forEach((selection, i) => {
    for (const row of selection) {
      const owner = owners[row];
      if (owner === undefined) throw new SaltError('GRAPH_INVALID', `There is no row ${row} of ${rows}.`);
      if (owner !== -1 && owner !== i) {
        throw new SaltError('GRAPH_INVALID', `Row ${row} is in two selections.`);
      }
      owners[row] = i;
    }
  });
}

/** For each row of x, the sum of the gradients of its copies. */
function spreadBack(
  x: Value,
  selections: readonly Selection[],
  gradients: readonly (Value | undefined)[],
): Value {
  const [rows = 0, width = 0] = x.shape;
  const pieces: Value[] = [];
  /** Where in the concatenated pieces the gradient of each row of x lies. */
  const source = new Int32Array(rows).fill(-1);
  let length = 0;
  selections.forEach((selection, i) => {
    const gradient = gradients[i];
    if (!gradient) return;
    const repeated = repeatedRows(selection, rows);
    selection.forEach((row, position) => (source[row] = length + position));
    pieces.push(gradient);
    length += selection.length;
    for (const [count, group] of repeated) {
      const read = gatherRows(gradient, [...group.values()].flat());
      pieces.push(sum(reshape(read, [group.size, count, width]), { axes: [1] }));
      for (const row of group.keys()) source[row] = length++;
    }
  });
  if (source.includes(-1)) pieces.push(expand(x.graph.scalar(0), [1, width]));
  return gatherRows(
    concat(pieces, 0),
    Array.from(source, (at) => (at < 0 ? length : at)),
  );
}

/** The rows that are read more than once, with the positions where, together by how often. */
function repeatedRows(selection: Selection, rows: number): Map<number, Map<number, number[]>> {
  const counts = new Int32Array(rows);
  for (const row of selection) counts[row]!++;
  const groups = new Map<number, Map<number, number[]>>();
  selection.forEach((row, position) => {
    const count = counts[row]!;
    if (count < 2) return;
    const group = groups.get(count) ?? new Map<number, number[]>();
    groups.set(count, group);
    const positions = group.get(row) ?? [];
    group.set(row, positions);
    positions.push(position);
  });
  return groups;
}
