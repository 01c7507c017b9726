const FIRST = 1;
const SECOND = 2;

/** Neighbours by their bit in a neighbourhood, clockwise from north-west. */
const NW = 1;
const N = 2;
const NE = 4;
const E = 8;
const SE = 16;
const S = 32;
const SW = 64;
const W = 128;

/**
 * Where scikit-image's `skeletonize` departs from the paper, as its results show: corners of two-pixel staircases go,
 * and the two phases share out the ends of thick lines differently, so that lines come out one pixel wide and
 * small squares do not vanish.
 */
const DEPARTURES: ReadonlyMap<number, number> = new Map([
  ...[N | NW, N | NE, NE | E, N | NE | E, W | NW | N].map((n) => [n, FIRST] as const),
  ...[E | SE, S | SW, SW | W, E | SE | S, S | SW | W].map((n) => [n, SECOND] as const),
  ...[SE | S, W | NW].map((n) => [n, 0] as const),
  ...[N | E, E | S, S | W, W | N].map((n) => [n, FIRST | SECOND] as const),
  ...[N | E | NW, W | N | NE, S | W | NW, W | N | SW, W | N | NE | SW].map((n) => [n, FIRST] as const),
  ...[N | E | SE, E | S | SW, S | W | SE, E | S | NE | SW].map((n) => [n, SECOND] as const),
]);

/** For each of the 256 neighbourhoods, in which phases its pixel is removed. */
const REMOVED_IN = Uint8Array.from({ length: 256 }, (_, n) => DEPARTURES.get(n) ?? phasesOf(n));

/** The rule of Zhang and Suen, "A fast parallel algorithm for thinning digital patterns" (1984). */
function phasesOf(neighbours: number): number {
  const ring = [N, NE, E, SE, S, SW, W, NW].map((bit) => (neighbours & bit ? 1 : 0));
  const count = ring.filter(Boolean).length;
  const runs = ring.filter((value, i) => !value && ring[(i + 1) % 8]).length;
  if (count < 2 || count > 6 || runs !== 1) return 0;
  const all = (bits: number): boolean => (neighbours & bits) === bits;
  const first = !all(N | E | S) && !all(E | S | W) ? FIRST : 0;
  const second = !all(N | E | W) && !all(N | S | W) ? SECOND : 0;
  return first | second;
}

/** Thins a mask to lines one pixel wide that keep its connections; same result as scikit-image's `skeletonize`. */
export function skeletonOf(pixels: Uint8Array, width: number, height: number): Uint8Array {
  // A frame of zeros stands for what lies beyond the image.
  const stride = width + 2;
  const padded = new Uint8Array(stride * (height + 2));
  let candidates: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!pixels[y * width + x]) continue;
      const at = (y + 1) * stride + x + 1;
      padded[at] = 1;
      candidates.push(at);
    }
  }
  for (let before = -1; before !== candidates.length;) {
    before = candidates.length;
    for (const phase of [FIRST, SECOND]) {
      const removed = candidates.filter((at) => REMOVED_IN[neighboursOf(padded, at, stride)]! & phase);
      for (const at of removed) padded[at] = 0;
      candidates = candidates.filter((at) => padded[at]);
    }
  }
  const skeleton = new Uint8Array(pixels.length);
  for (const at of candidates) {
    const y = Math.floor(at / stride) - 1;
    skeleton[y * width + (at % stride) - 1] = 1;
  }
  return skeleton;
}

function neighboursOf(padded: Uint8Array, at: number, stride: number): number {
  const north = at - stride;
  const south = at + stride;
  return (
    padded[north - 1]! * NW +
    padded[north]! * N +
    padded[north + 1]! * NE +
    padded[at + 1]! * E +
    padded[south + 1]! * SE +
    padded[south]! * S +
    padded[south - 1]! * SW +
    padded[at - 1]! * W
  );
}
