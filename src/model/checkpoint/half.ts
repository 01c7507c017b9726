/** Conversions between float32 and the two 16-bit formats, given as their bit patterns. */

export function halvesToFloats(halves: Uint16Array): Float32Array {
  halfTable ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfToFloat(bits));
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i += 1) floats[i] = halfTable[halves[i] ?? 0] ?? 0;
  return floats;
}

/** All 65,536 values: many times faster than powers of two for the millions of weights of a checkpoint. */
let halfTable: Float32Array | undefined;

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Rounds to nearest, ties to even; beyond 65,520 becomes Inf, as IEEE 754 asks. */
export function floatsToHalves(floats: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(floats.length);
  const word = new Uint32Array(1);
  const number = new Float32Array(word.buffer);
  for (let i = 0; i < floats.length; i += 1) {
    number[0] = floats[i] ?? 0;
    halves[i] = halfOf(word[0] ?? 0);
  }
  return halves;
}

function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent === 0xff) return sign | (fraction === 0 ? 0x7c00 : 0x7e00);
  // The half's exponent field before rounding; at or below 0 the result is subnormal.
  const field = exponent - 112;
  if (field >= 0x1f) return sign | 0x7c00;
  if (field < -10) return sign;
  const significand = field > 0 ? fraction : fraction | 0x800000;
  const dropped = field > 0 ? 13 : 14 - field;
  const kept = (field > 0 ? field << 10 : 0) + (significand >>> dropped);
  const rest = significand & ((1 << dropped) - 1);
  const tie = 1 << (dropped - 1);
  const roundUp = rest > tie || (rest === tie && (kept & 1) === 1);
  // A carry out of the fraction rightly moves into the exponent.
  return sign | (kept + (roundUp ? 1 : 0));
}

/** bfloat16 is the upper half of a float32. */
export function bfloatsToFloats(bfloats: Uint16Array): Float32Array {
  const words = new Uint32Array(bfloats.length);
  for (let i = 0; i < bfloats.length; i += 1) words[i] = (bfloats[i] ?? 0) << 16;
  return new Float32Array(words.buffer);
}
