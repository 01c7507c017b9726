/** Cosines of the 8-point DCT, rows by frequency, orthonormal. */
const BASIS = Float32Array.from({ length: 64 }, (_, i) => {
  const [frequency, x] = [i >> 3, i & 7];
  return Math.sqrt((frequency === 0 ? 1 : 2) / 8) * Math.cos(((2 * x + 1) * frequency * Math.PI) / 16);
});

/** By place; the inverse of an orthonormal matrix is its transpose. */
const TRANSPOSED = Float32Array.from({ length: 64 }, (_, i) => BASIS[(i & 7) * 8 + (i >> 3)] ?? 0);

/**
 * What lossy compression leaves, in place: 8 x 8 blocks whose cosine coefficients are rounded to steps that grow with
 * frequency, as in JPEG. `step` is that of the lowest frequencies, in grey levels.
 */
export function compressBlocks(image: Float32Array, width: number, height: number, step: number): void {
  const block = new Float32Array(64);
  const work = new Float32Array(64);
  const steps = Float32Array.from({ length: 64 }, (_, i) => step * (1 + 0.7 * ((i >> 3) + (i & 7))));
  for (let top = 0; top + 8 <= height; top += 8) {
    for (let left = 0; left + 8 <= width; left += 8) {
      for (let i = 0; i < 64; i++) block[i] = image[(top + (i >> 3)) * width + left + (i & 7)] ?? 0;
      rows(block, work, BASIS);
      rows(work, block, BASIS);
      for (let i = 0; i < 64; i++) block[i] = Math.round((block[i] ?? 0) / (steps[i] ?? 1)) * (steps[i] ?? 1);
      rows(block, work, TRANSPOSED);
      rows(work, block, TRANSPOSED);
      for (let i = 0; i < 64; i++) image[(top + (i >> 3)) * width + left + (i & 7)] = block[i] ?? 0;
    }
  }
}

/** Transforms each row and lays it down as a column, so that two calls transform along both. */
function rows(from: Float32Array, to: Float32Array, basis: Float32Array): void {
  for (let row = 0; row < 8; row++) {
    for (let k = 0; k < 8; k++) {
      let sum = 0;
      for (let x = 0; x < 8; x++) sum += (from[row * 8 + x] ?? 0) * (basis[k * 8 + x] ?? 0);
      to[k * 8 + row] = sum;
    }
  }
}
