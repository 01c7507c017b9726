/** From grey values to what a viewer shows of them. */

/** Values that become black and white. */
export interface GreyRange {
  readonly low: number;
  readonly high: number;
}

/** The modality LUT's linear part: stored value * slope + intercept. */
export interface Rescale {
  readonly slope: number;
  readonly intercept: number;
}

export const NO_RESCALE: Rescale = { slope: 1, intercept: 0 };

/**
 * Rescales values and spreads a range of them linearly over [0, 255]; what lies outside is clipped. NaN stays NaN.
 * @param inverted whether low values are shown bright (MONOCHROME1)
 */
export function applyWindow(
  values: ArrayLike<number>,
  { slope, intercept }: Rescale,
  { low, high }: GreyRange,
  inverted: boolean,
): Float32Array<ArrayBuffer> {
  const factor = high > low ? 255 / (high - low) : 0;
  const pixels = new Float32Array(values.length);
  for (let i = 0; i < pixels.length; i++) {
    const value = (values[i] ?? 0) * slope + intercept;
    const grey = value <= low ? 0 : value >= high ? 255 : (value - low) * factor;
    pixels[i] = inverted ? 255 - grey : grey;
  }
  return pixels;
}
