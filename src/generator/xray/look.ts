import type { Region } from './regions.ts';

/** How widely drawn X-ray images vary. */
export interface XrayLook {
  /** How often each region comes; only the proportions count. */
  readonly regions: Readonly<Record<Region, number>>;
  /** By how much vessels are wider than in life, from 1 on. */
  readonly calibre: number;
  /** Share of the images that are taken while contrast is in the vessels. */
  readonly filled: number;
  /** Share of the images with a catheter; a phantom has one less often. */
  readonly catheters: number;
  /** Attenuation of the widest vessel. */
  readonly greatest: readonly [number, number];
  /** Contrast of the widest vessel over the noise of one pixel. */
  readonly contrastToNoise: readonly [number, number];
  /**
   * How often there is what makes vessels hard to find (bones, devices, collimators, processing, writing, ...):
   * 0 never, 1 as often as in the images on which models are trained.
   */
  readonly disturbance: number;
}

/** All that hospitals make, for teaching a model. */
export const VARIED: XrayLook = {
  regions: { 'left coronary': 0.3, 'right coronary': 0.12, cerebral: 0.25, peripheral: 0.15, phantom: 0.18 },
  calibre: 1,
  filled: 0.9,
  catheters: 0.7,
  greatest: [0.25, 2.2],
  contrastToNoise: [4.5, 90],
  disturbance: 1,
};

/** Plain, well-filled angiograms, from which even a network that knows nothing learns within a minute. */
export const CLEAR: XrayLook = {
  regions: { 'left coronary': 1, 'right coronary': 0.3, cerebral: 0, peripheral: 0.4, phantom: 0 },
  calibre: 1.6,
  filled: 1,
  catheters: 0.15,
  greatest: [1, 2],
  contrastToNoise: [20, 60],
  disturbance: 0.1,
};
