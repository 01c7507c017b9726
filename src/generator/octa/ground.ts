/** Cells along the image's side. */
const SIDE = 320;

/** Which vessel runs where in the unit square, on a grid: capillaries end where they meet another vessel. */
export class Ground {
  readonly #cells = new Int32Array(SIDE * SIDE);

  /** The number of the vessel at a place; 0 where there is none, or outside. */
  at(x: number, y: number): number {
    const [column, row] = [Math.floor(x * SIDE), Math.floor(y * SIDE)];
    if (column < 0 || row < 0 || column >= SIDE || row >= SIDE) return 0;
    return this.#cells[row * SIDE + column] ?? 0;
  }

  /** Takes the free cells nearer than `radius`, and at least the one at the place. */
  take(x: number, y: number, radius: number, vessel: number): void {
    const [column, row] = [x * SIDE - 0.5, y * SIDE - 0.5];
    const reach = Math.max(0.71, radius * SIDE);
    for (let r = Math.max(0, Math.ceil(row - reach)); r <= Math.min(SIDE - 1, row + reach); r++) {
      for (let c = Math.max(0, Math.ceil(column - reach)); c <= Math.min(SIDE - 1, column + reach); c++) {
        if ((c - column) ** 2 + (r - row) ** 2 > reach * reach) continue;
        if (this.#cells[r * SIDE + c] === 0) this.#cells[r * SIDE + c] = vessel;
      }
    }
  }
}
