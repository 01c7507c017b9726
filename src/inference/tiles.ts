/** Frames in overlapping tiles, and one map of the frame from those of its tiles. */
import type { Rectangle } from '../imaging/geometry.ts';
import type { ProbabilityMap } from './mask.ts';
import type { InputSize } from './model-input.ts';

/** Share of its side by which a tile reaches at least into the next. */
const OVERLAP = 0.25;

/**
 * Tiles that cover a frame, evenly spread, row by row. One that is as long as the frame is cut off there.
 * @param share of the frame's longest side that is a tile's side, above 0 to 1
 */
export function tilesOf({ width, height }: InputSize, share: number): readonly Rectangle[] {
  const side = Math.max(1, Math.round(share * Math.max(width, height)));
  const columns = startsOf(width, side);
  const size = { width: Math.min(side, width), height: Math.min(side, height) };
  return startsOf(height, side).flatMap((y) => columns.map((x) => ({ x, y, ...size })));
}

function startsOf(length: number, side: number): readonly number[] {
  const rest = length - side;
  if (rest <= 0) return [0];
  const steps = Math.ceil(rest / (side * (1 - OVERLAP)));
  return Array.from({ length: steps + 1 }, (_, i) => Math.round((i * rest) / steps));
}

/** Maps of tiles, brought together: where they overlap, one goes over into the next. */
export class TiledMaps {
  readonly #frame: InputSize;
  readonly #sums: Float32Array[] = [];
  readonly #weights: Float32Array;

  constructor(frame: InputSize) {
    this.#frame = frame;
    this.#weights = new Float32Array(frame.width * frame.height);
  }

  /** @param maps one for each output, of the tile's size */
  add(tile: Rectangle, maps: readonly ProbabilityMap[]): void {
    const across = rampOf(tile.x, tile.width, this.#frame.width);
    const down = rampOf(tile.y, tile.height, this.#frame.height);
    for (let y = 0; y < tile.height; y++) {
      const row = (tile.y + y) * this.#frame.width + tile.x;
      for (let x = 0; x < tile.width; x++) this.#weights[row + x]! += down[y]! * across[x]!;
    }
    for (const [output, { data }] of maps.entries()) {
      const sums = (this.#sums[output] ??= new Float32Array(this.#weights.length));
      for (let y = 0; y < tile.height; y++) {
        const row = (tile.y + y) * this.#frame.width + tile.x;
        for (let x = 0; x < tile.width; x++) {
          sums[row + x]! += down[y]! * across[x]! * data[y * tile.width + x]!;
        }
      }
    }
  }

  /** Once all tiles are in. */
  maps(): ProbabilityMap[] {
    return this.#sums.map((sums) => ({
      ...this.#frame,
      data: sums.map((sum, i) => sum / this.#weights[i]!),
    }));
  }
}

/** What counts of a tile, pixel by pixel: less and less towards an edge behind which the frame goes on. */
function rampOf(start: number, side: number, length: number): Float32Array {
  const reach = OVERLAP * side;
  return Float32Array.from({ length: side }, (_, i) => {
    const before = start > 0 ? (i + 0.5) / reach : 1;
    const after = start + side < length ? (side - i - 0.5) / reach : 1;
    return Math.min(1, before, after);
  });
}
