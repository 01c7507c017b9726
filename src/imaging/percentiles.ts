/** Share of an image's pixels, in per cent, that may fall off either end when nothing states a window. */
export const TAIL = 0.5;

/** Values are 16-bit, signed or not: this brings the least of them to 0. */
const OFFSET = 32768;

/**
 * The values below which {@link TAIL} and 100 - TAIL per cent of the pixels lie.
 *
 * @param values 8 or 16-bit integers, signed or not.
 * @param padding a value that stands for no pixel at all and is left out.
 */
export function percentiles(
  values: Uint8Array | Int8Array | Uint16Array | Int16Array,
  padding?: number,
): [low: number, high: number] {
  const counts = new Uint32Array(65536 + OFFSET);
  for (let i = 0; i < values.length; i++) {
    const bin = (values[i] ?? 0) + OFFSET;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  if (padding !== undefined) counts[padding + OFFSET] = 0;
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return [0, 0];
  const at = (share: number): number => {
    let seen = 0;
    const bin = counts.findIndex((count) => (seen += count) > share * (total - 1));
    return bin - OFFSET;
  };
  return [at(TAIL / 100), at(1 - TAIL / 100)];
}

/** The same of values of any type; NaN and Inf are left out. */
export function percentilesOfAny(values: Int32Array | Float32Array): [low: number, high: number] {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return [at(TAIL / 100), at(1 - TAIL / 100)];
}
