import type { Frame, Mask } from '../imaging/frame.ts';

/** What a word can mean in a drawn image, each under its plainest English name. */
export const STRUCTURES = ['vessel', 'artery', 'vein', 'catheter', 'optic disc', 'lesion', 'bone'] as const;

export type Structure = (typeof STRUCTURES)[number];

/** What kinds of image are drawn. */
export const IMAGE_KINDS = ['angiogram', 'subtraction', 'fundus', 'octa'] as const;

export type ImageKind = (typeof IMAGE_KINDS)[number];

/** A drawn image and the truth about it. */
export interface GeneratedImage {
  readonly kind: ImageKind;
  /** Values in 0..255; one channel, or three for a fundus photograph. */
  readonly frame: Frame;
  /** Where there is an image at all: inside the aperture, collimator or camera's field. */
  readonly fieldOfView: Mask;
  /**
   * The structures that the image holds; what is missing here is absent from the picture. Where arteries and veins
   * cannot be told apart (one contrast-filled tree, OCT angiography), `artery` and `vein` are the vessels, as in the
   * published data sets that ask for "vein" whatever the vessel.
   */
  readonly masks: ReadonlyMap<Structure, Mask>;
}
