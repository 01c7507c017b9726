/** Distance between pixel centres, [row, column]. */
export type Spacing = readonly [number, number];

/**
 * For each pixel the Euclidean distance to the nearest pixel that is 1, exactly, in units of `spacing`; Infinity everywhere
 * if there is none. Time is linear in the number of pixels (Felzenszwalb and Huttenlocher, "Distance
 * transforms of sampled functions", 2012).
 */
export function distanceTo(
  pixels: Uint8Array,
  width: number,
  height: number,
  spacing: Spacing,
): Float64Array {
  const [rowSpacing, colSpacing] = spacing;
  const distances = rowsToNearest(pixels, width, height);
  const squares = new Float64Array(width);
  const envelope = new LowerEnvelope(width, colSpacing);
  for (let y = 0; y < height; y++) {
    const row = distances.subarray(y * width, (y + 1) * width);
    for (let x = 0; x < width; x++) squares[x] = (row[x]! * rowSpacing) ** 2;
    envelope.fit(squares);
    envelope.lowest(row);
  }
  return distances;
}

/** For each pixel the number of rows to the nearest 1 in its column; Infinity where the column has none. */
function rowsToNearest(pixels: Uint8Array, width: number, height: number): Float64Array {
  const rows = new Float64Array(width * height);
  for (let x = 0; x < width; x++) {
    let steps = Infinity;
    for (let y = 0; y < height; y++) {
      steps = pixels[y * width + x] ? 0 : steps + 1;
      rows[y * width + x] = steps;
    }
    steps = Infinity;
    for (let y = height - 1; y >= 0; y--) {
      steps = pixels[y * width + x] ? 0 : steps + 1;
      if (steps < rows[y * width + x]!) rows[y * width + x] = steps;
    }
  }
  return rows;
}

/** The minimum over v of the parabolas heights[v] + (spacing * (x - v))^2, at whole x. */
class LowerEnvelope {
  readonly #width: number;
  readonly #spacing: number;
  /** Columns of the parabolas that are lowest somewhere, from left to right, and where each begins to be. */
  readonly #vertices: Int32Array;
  readonly #starts: Float64Array;
  #heights: Float64Array = new Float64Array(0);
  #count = 0;

  constructor(width: number, spacing: number) {
    this.#width = width;
    this.#spacing = spacing;
    this.#vertices = new Int32Array(width);
    this.#starts = new Float64Array(width);
  }

  /** `heights`: `width` numbers, Infinity where there is no parabola; kept, not copied. */
  fit(heights: Float64Array): void {
    this.#heights = heights;
    this.#count = 0;
    for (let v = 0; v < this.#width; v++) {
      if (heights[v] === Infinity) continue;
      let start = -Infinity;
      while (this.#count > 0) {
        start = this.#crossing(this.#vertices[this.#count - 1]!, v);
        if (start > this.#starts[this.#count - 1]!) break;
        this.#count--;
        start = -Infinity;
      }
      this.#vertices[this.#count] = v;
      this.#starts[this.#count] = start;
      this.#count++;
    }
  }

  /** Writes the distance (not squared) at each column; Infinity if there is no parabola. */
  lowest(target: Float64Array): void {
    let at = 0;
    for (let x = 0; x < this.#width; x++) {
      while (at + 1 < this.#count && this.#starts[at + 1]! < x) at++;
      const v = this.#vertices[at]!;
      target[x] = this.#count ? Math.sqrt(this.#heights[v]! + (this.#spacing * (x - v)) ** 2) : Infinity;
    }
  }

  /** Where the parabola of the later vertex b gets below that of a. */
  #crossing(a: number, b: number): number {
    const rise = (this.#heights[b]! - this.#heights[a]!) / (this.#spacing * this.#spacing);
    return (rise / (b - a) + a + b) / 2;
  }
}
