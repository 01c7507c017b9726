import type { Frame } from '../frame.ts';

/** The level of the even background that a frame lies on once its own is subtracted. */
export const EVEN = 150;

/**
 * A frame as if it lay on an even background of level {@link EVEN}. The difference is taken between square
 * roots, so that noise and the darkening by a vessel are the same over bright and dark background.
 *
 * @param levels a frame, 0 to 255.
 * @param background what lies beneath each of its pixels, 0 to 255.
 * @returns as many values, 0 to 255.
 * @throws RangeError when the two differ in length.
 */
export function subtractBackground(levels: ArrayLike<number>, background: Uint8Array): Float32Array {
  if (levels.length !== background.length) {
    throw new RangeError(`A background of ${background.length} pixels is not that of ${levels.length}.`);
  }
  const out = new Float32Array(levels.length);
  const slope = 2 * Math.sqrt(EVEN);
  for (let i = 0; i < out.length; i++) {
    const difference = Math.sqrt(levels[i] ?? 0) - Math.sqrt(background[i] ?? 0);
    out[i] = Math.max(0, Math.min(255, EVEN + slope * difference));
  }
  return out;
}

/** A grey frame as if it lay on an even ground. @param background levels, one for each of its pixels */
export function withoutBackground(frame: Frame, background: Uint8Array): Frame {
  return {
    ...frame,
    pixels: subtractBackground(frame.pixels, background),
    intensity: `${frame.intensity}, less what stands still in the run`,
  };
}
