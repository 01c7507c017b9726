/**
 * What JPEG leaves of an RGB image in 0..255, in place: YCbCr, colour at half the resolution, 8 x 8 cosine
 * transform, the coefficients rounded by the tables of the standard's annex K (ITU-T T.81), and back.
 * @param quality 1..100, as the Independent JPEG Group counts it
 */
export function compress(pixels: Float32Array, width: number, height: number, quality: number): void {
  const luma = new Float32Array(width * height);
  const [halfWidth, halfHeight] = [(width + 1) >> 1, (height + 1) >> 1];
  const colour = [
    new Float32Array(halfWidth * halfHeight),
    new Float32Array(halfWidth * halfHeight),
  ] as const;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = 3 * (y * width + x);
      const [r, g, b] = [pixels[i] ?? 0, pixels[i + 1] ?? 0, pixels[i + 2] ?? 0];
      luma[i / 3] = 0.299 * r + 0.587 * g + 0.114 * b;
      if ((x & 1) === 0 && (y & 1) === 0) {
        const k = (y >> 1) * halfWidth + (x >> 1);
        colour[0][k] = -0.168736 * r - 0.331264 * g + 0.5 * b;
        colour[1][k] = 0.5 * r - 0.418688 * g - 0.081312 * b;
      }
    }
  }
  const scale = quality < 50 ? 50 / quality : 2 - quality / 50;
  quantisePlane(luma, width, height, LUMA, scale);
  for (const plane of colour) quantisePlane(plane, halfWidth, halfHeight, COLOUR, scale);
  const clip = (value: number): number => Math.min(255, Math.max(0, value));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const k = (y >> 1) * halfWidth + (x >> 1);
      const [l, cb, cr] = [luma[i] ?? 0, colour[0][k] ?? 0, colour[1][k] ?? 0];
      pixels[3 * i] = clip(l + 1.402 * cr);
      pixels[3 * i + 1] = clip(l - 0.344136 * cb - 0.714136 * cr);
      pixels[3 * i + 2] = clip(l + 1.772 * cb);
    }
  }
}

function quantisePlane(
  plane: Float32Array,
  width: number,
  height: number,
  table: readonly number[],
  scale: number,
): void {
  const steps = Float32Array.from(table, (step) => Math.max(1, step * scale));
  const block = new Float32Array(64);
  const turned = new Float32Array(64);
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      for (let y = 0; y < 8; y++) {
        const row = Math.min(height - 1, top + y) * width;
        for (let x = 0; x < 8; x++) block[8 * y + x] = plane[row + Math.min(width - 1, left + x)] ?? 0;
      }
      // Each pass transforms the rows and turns the block over, so two of them do rows and columns.
      pass(block, turned, COSINES);
      pass(turned, block, COSINES);
      for (let k = 0; k < 64; k++) {
        const step = steps[k] ?? 1;
        block[k] = step * Math.round((block[k] ?? 0) / step);
      }
      pass(block, turned, TURNED_COSINES);
      pass(turned, block, TURNED_COSINES);
      for (let y = 0; y < 8 && top + y < height; y++) {
        const row = (top + y) * width + left;
        for (let x = 0; x < 8 && left + x < width; x++) plane[row + x] = block[8 * y + x] ?? 0;
      }
    }
  }
}

function pass(from: Float32Array, to: Float32Array, cosines: Float32Array): void {
  for (let row = 0; row < 64; row += 8) {
    for (let k = 0; k < 8; k++) {
      let sum = 0;
      for (let n = 0; n < 8; n++) sum += (cosines[8 * k + n] ?? 0) * (from[row + n] ?? 0);
      to[8 * k + (row >> 3)] = sum;
    }
  }
}

/** The orthonormal cosine transform: row k holds frequency k. */
const COSINES = Float32Array.from({ length: 64 }, (_, i) => {
  const [k, n] = [i >> 3, i & 7];
  return (k === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * n + 1) * k * Math.PI) / 16);
});
const TURNED_COSINES = COSINES.map((_, i) => COSINES[8 * (i & 7) + (i >> 3)] ?? 0);

// prettier-ignore
const LUMA = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
// prettier-ignore
const COLOUR = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
  ...new Array<number>(32).fill(99),
];
