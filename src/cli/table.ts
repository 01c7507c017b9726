/** Columns lined up: the first to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  return lineUp(rows, (cell, width, column) => (column === 0 ? cell.padEnd(width) : cell.padStart(width)));
}

/** Columns lined up to the left: names and what is said of them. */
export function list(rows: readonly (readonly string[])[]): string {
  return lineUp(rows, (cell, width) => cell.padEnd(width));
}

function lineUp(
  rows: readonly (readonly string[])[],
  pad: (cell: string, width: number, column: number) => string,
): string {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => pad(cell, widths[i] ?? 0, i))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
