/**
 * Fills rows `from` to `to` of a row-major matrix with unit vectors orthogonal to every earlier row and to each other
 * (`to` <= `length`, the number of columns). The rows before `from` must be orthonormal.
 *
 * Each new row starts as the coordinate axis that the rows so far cover least, so that it is never nearly dependent.
 */
export function completeBasis(rows: Float64Array, from: number, to: number, length: number): void {
  if (from === to) return;
  const uncovered = new Float64Array(length).fill(1);
  for (let r = 0; r < from; r++) subtractSquares(uncovered, rows, r * length);
  for (let r = from; r < to; r++) {
    let axis = 0;
    for (let i = 1; i < length; i++) if (uncovered[i]! > uncovered[axis]!) axis = i;
    const at = r * length;
    rows.fill(0, at, at + length);
    rows[at + axis] = 1;
    // Twice is enough: the second pass removes what rounding left of the first (Kahan and Parlett).
    removeComponents(rows, r, length);
    removeComponents(rows, r, length);
    let norm = 0;
    for (let i = 0; i < length; i++) norm += rows[at + i]! * rows[at + i]!;
    const scale = 1 / Math.sqrt(norm);
    for (let i = 0; i < length; i++) rows[at + i]! *= scale;
    subtractSquares(uncovered, rows, at);
  }
}

function removeComponents(rows: Float64Array, r: number, length: number): void {
  const at = r * length;
  for (let q = 0; q < r; q++) {
    const other = q * length;
    let dot = 0;
    for (let i = 0; i < length; i++) dot += rows[other + i]! * rows[at + i]!;
    if (dot === 0) continue;
    for (let i = 0; i < length; i++) rows[at + i]! -= dot * rows[other + i]!;
  }
}

function subtractSquares(target: Float64Array, rows: Float64Array, at: number): void {
  for (let i = 0; i < target.length; i++) target[i]! -= rows[at + i]! * rows[at + i]!;
}
