/** One decoded image as a codec gives it. */
export interface CodecImage {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Significant bits of each sample, 1 to 16. */
  readonly bits: number;
  /** Samples, interleaved, one byte each up to 8 bits, else two, little endian. */
  readonly bytes: Uint8Array;
}

/** Planes one after another to samples pixel by pixel. */
export function interleave(planes: Uint8Array, components: number, bytesPerSample: number): Uint8Array {
  const pixels = planes.length / (components * bytesPerSample);
  const out = new Uint8Array(planes.length);
  let i = 0;
  for (let component = 0; component < components; component++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const o = (pixel * components + component) * bytesPerSample;
      for (let b = 0; b < bytesPerSample; b++) out[o + b] = planes[i++] ?? 0;
    }
  }
  return out;
}
