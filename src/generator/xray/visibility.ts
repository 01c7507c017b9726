import type { VesselPiece } from '../draw/strokes.ts';
import type { Shown } from './display.ts';
import type { Exposure } from './exposure.ts';

/** The way along a vessel over which an eye sums its contrast, in pixels at 512. */
const GLANCE = 10;
/** Contrast over the noise of a glance from which on a vessel is seen. */
const LEAST_CONTRAST_TO_NOISE = 3;
/** The least contrast that is seen on a screen, in grey levels. */
export const LEAST_GREY_LEVELS = 3.5;

/**
 * The pieces of one vessel (in their order along it) that stand out of the noise and of the grey about them. Gaps
 * no longer than a glance are closed, as a reader would, and scraps no longer than one are left out.
 * @param attenuation what the vessels add to the beam's attenuation, at each pixel
 */
export function visiblePieces<Piece extends VesselPiece>(
  pieces: readonly Piece[],
  attenuation: Float32Array,
  size: number,
  exposure: Exposure,
  shown: Shown,
): Piece[] {
  const glance = (GLANCE * size) / 512;
  const raw = pieces.map(({ x0, y0, x1, y1, radius }) => {
    const [x, y] = [Math.round((x0 + x1) / 2), Math.round((y0 + y1) / 2)];
    if (x < 0 || y < 0 || x >= size || y >= size) return 0;
    const i = y * size + x;
    const contrast = exposure.contrastOf(i, attenuation[i] ?? 0);
    const patch = Math.sqrt(Math.max(1, 2 * radius) * glance);
    const overNoise = (contrast * patch) / (LEAST_CONTRAST_TO_NOISE * exposure.noise);
    return Math.min(2, overNoise, shown.greyLevels(i, contrast) / LEAST_GREY_LEVELS);
  });
  const first = pieces[0];
  const length = first ? Math.max(0.5, Math.hypot(first.x1 - first.x0, first.y1 - first.y0)) : 1;
  const reach = Math.max(1, Math.round(glance / length));
  const seen = runningMean(raw, reach).map((value) => value >= 1);
  changeShortRuns(seen, false, reach);
  changeShortRuns(seen, true, reach);
  return pieces.filter((_, k) => seen[k]);
}

function runningMean(values: readonly number[], reach: number): number[] {
  const sums = [0];
  for (const value of values) sums.push((sums.at(-1) ?? 0) + value);
  return values.map((_, k) => {
    const [from, to] = [Math.max(0, k - reach), Math.min(values.length, k + reach + 1)];
    return ((sums[to] ?? 0) - (sums[from] ?? 0)) / (to - from);
  });
}

/** Runs of `value` no longer than `most` take the other value, save a gap that lies at an end. */
function changeShortRuns(flags: boolean[], value: boolean, most: number): void {
  for (let from = 0; from < flags.length;) {
    let to = from;
    while (to < flags.length && flags[to] === flags[from]) to++;
    const atEnd = from === 0 || to === flags.length;
    if (flags[from] === value && to - from <= most && !atEnd) flags.fill(!value, from, to);
    from = to;
  }
}
