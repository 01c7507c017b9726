import { SaltError } from '../../protocol/errors.ts';
import type { Value } from '../graph.ts';
import { sum } from '../primitives/reduce.ts';
import { concat, expand, gatherRows, reshape } from '../primitives/shape.ts';

/**
 * Several selections of the rows of x at once, each in one pass over memory: output i holds the rows
 * `selections[i]`. Made for rearrangements, where most rows are read once: the derivative is then one selection
 * too. Rows that are read more often (padding) have their gradients summed.
 *
 * @param x [rows, width]
 * @param selections row indices; a row may appear in one selection only
 * @returns [selection length, width] each
 * @throws SaltError `GRAPH_INVALID` if two selections share a row
 */
export function selectRows(x: Value, selections: readonly (readonly number[])[]): Value[] {
  const graph = x.graph;
  const [rows = 0, width = 0] = x.shape;
  const outputs = selections.map((selection) => gatherRows(x, selection));
  graph.record([x], outputs, (gradients) => {
    const readers = readersOf(selections, rows);
    const pieces: Value[] = [];
    /** Where in the concatenated pieces the gradient of each row of x lies. */
    const source = new Array<number>(rows).fill(-1);
    let length = 0;
    selections.forEach((selection, i) => {
      const gradient = gradients[i];
      if (!gradient) return;
      const own = readers.filter((reader) => reader.selection === i);
      for (const { row, positions } of own) if (positions.length === 1) source[row] = length + positions[0]!;
      pieces.push(gradient);
      length += selection.length;
      for (const group of byCount(own.filter(({ positions }) => positions.length > 1))) {
        const count = group[0]!.positions.length;
        const read = gatherRows(
          gradient,
          group.flatMap(({ positions }) => positions),
        );
        pieces.push(sum(reshape(read, [group.length, count, width]), { axes: [1] }));
        group.forEach(({ row }, k) => (source[row] = length + k));
        length += group.length;
      }
    });
    if (source.includes(-1)) pieces.push(expand(graph.scalar(0), [1, width]));
    return [
      gatherRows(
        concat(pieces, 0),
        source.map((at) => (at < 0 ? length : at)),
      ),
    ];
  });
  return outputs;
}

interface Reader {
  readonly row: number;
  readonly selection: number;
  /** Where in the selection the row is read. */
  readonly positions: number[];
}

function readersOf(selections: readonly (readonly number[])[], rows: number): Reader[] {
  const readers = new Map<number, Reader>();
  selections.forEach((selection, i) => {
    selection.forEach((row, position) => {
      let reader = readers.get(row);
      if (!reader) {
        if (!(row >= 0 && row < rows))
          throw new SaltError('GRAPH_INVALID', `There is no row ${row} of ${rows}.`);
        readers.set(row, (reader = { row, selection: i, positions: [] }));
      }
      if (reader.selection !== i) {
        throw new SaltError('GRAPH_INVALID', `Row ${row} is in two selections.`);
      }
      reader.positions.push(position);
    });
  });
  return [...readers.values()];
}

/** Readers with equally many positions together. */
function byCount(readers: readonly Reader[]): Reader[][] {
  const groups = new Map<number, Reader[]>();
  for (const reader of readers) {
    const group = groups.get(reader.positions.length);
    if (group) group.push(reader);
    else groups.set(reader.positions.length, [reader]);
  }
  return [...groups.values()];
}
