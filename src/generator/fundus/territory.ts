import type { Place } from './retina-view.ts';

/** Which vessel runs where, on a coarse grid over the retina: what keeps vessels of one kind from overlapping. */
export class Territory {
  readonly #cells: Int32Array;
  readonly #side: number;
  readonly #left: number;
  readonly #top: number;

  /** @param reach half the side of the square it covers, in disc diameters */
  constructor(centre: Place, reach: number) {
    this.#side = Math.ceil((2 * reach) / CELL) + 1;
    this.#left = centre.x - reach;
    this.#top = centre.y - reach;
    this.#cells = new Int32Array(this.#side * this.#side);
  }

  /** The number of the vessel at a place; 0 where there is none. */
  at(x: number, y: number): number {
    const column = Math.round((x - this.#left) / CELL);
    const row = Math.round((y - this.#top) / CELL);
    if (column < 0 || row < 0 || column >= this.#side || row >= this.#side) return 0;
    return this.#cells[row * this.#side + column] ?? 0;
  }

  /** Takes every free cell nearer than `radius`. */
  take(x: number, y: number, radius: number, vessel: number): void {
    const [column, row] = [(x - this.#left) / CELL, (y - this.#top) / CELL];
    const reach = radius / CELL + 0.5;
    for (let r = Math.max(0, Math.ceil(row - reach)); r <= Math.min(this.#side - 1, row + reach); r++) {
      for (
        let c = Math.max(0, Math.ceil(column - reach));
        c <= Math.min(this.#side - 1, column + reach);
        c++
      ) {
        if ((c - column) ** 2 + (r - row) ** 2 > reach * reach) continue;
        const i = r * this.#side + c;
        if (this.#cells[i] === 0) this.#cells[i] = vessel;
      }
    }
  }
}

const CELL = 0.05;
