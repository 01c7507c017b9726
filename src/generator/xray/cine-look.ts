/** Which artery is injected, and how the tube stands: the two runs that an examination begins with. */
export type CoronaryView = 'left coronary' | 'right coronary';

/** How a run looks. Lengths in pixels at 512. */
export interface CineLook {
  readonly view: CoronaryView;
  /** Images in a second. */
  readonly frameRate: number;
  /** Beats in a minute. */
  readonly heartRate: number;
  /** Attenuation of the widest vessel when it is full. */
  readonly greatest: number;
  /** Contrast of that vessel over the noise of one pixel of one image. */
  readonly contrastToNoise: number;
  /** Over how many pixels the noise goes on; images to learn from have at most 2.2. */
  readonly grain: number;
  /** Share of the image before that the machine mixes into each, to calm the noise; 0 in images to learn from. */
  readonly lag: number;
  /** Bends the grey levels, above 1 towards black; 0.7 to 1.4 in images to learn from. */
  readonly gamma: number;
  /** Strength of lungs' vessels, ribs and cables, which look like vessels and are none: 1 is a usual chest. */
  readonly clutter: number;
}

/**
 * The demonstration's runs. Coarse grain, lag, dark grey levels and a cluttered chest lie outside of what the model in
 * the box was taught (`VARIED`), so that a few corrected frames teach it something.
 *
 * To make the first draft better or worse, turn `contrastToNoise` and `clutter`, and raise the demonstration's
 * generation (src/server/demo/studies.ts).
 */
export const DEMO_RUN: CineLook = {
  view: 'left coronary',
  frameRate: 15,
  heartRate: 72,
  greatest: 0.95,
  contrastToNoise: 34,
  grain: 2.6,
  lag: 0.3,
  gamma: 1.45,
  clutter: 1,
};
