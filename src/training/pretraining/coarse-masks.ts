/** Side in pixels of what SAM's masks hold as one. */
export const COARSE = 4;

/** A vessel of two pixels, straight or slanting, covers as much of the squares that it crosses. */
const LEAST_COVERED = 0.3;

/**
 * A mask on the grid of SAM's own: 1 where a square of 4 x 4 pixels is covered by three tenths, so that thin vessels stay.
 * @param plane [side, side], each 0 or 1
 * @returns [side / 4, side / 4]
 */
export function coarseMask(plane: Float32Array, side: number): Float32Array {
  const width = side / COARSE;
  const covered = new Float32Array(width * width);
  plane.forEach((value, i) => {
    const at = Math.floor(i / side / COARSE) * width + Math.floor((i % side) / COARSE);
    covered[at] = (covered[at] ?? 0) + value;
  });
  return covered.map((sum) => (sum >= LEAST_COVERED * COARSE ** 2 ? 1 : 0));
}
