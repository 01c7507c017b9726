/** Random changes to training frames. An image and its masks always move together (see `view.ts`). */
import { z } from 'zod';

const probability = z.number().min(0).max(1).default(0);
const amount = z.number().min(0).max(3).default(0);

export const augmentationSchema = z.strictObject({
  /** Probability of a mirror left to right, and top to bottom. */
  flipX: probability,
  flipY: probability,
  /** Angles are drawn evenly from -degrees to degrees. */
  rotation: z.strictObject({ degrees: z.number().min(0).max(180), probability }).optional(),
  /** Magnification e^u with u drawn evenly from -logScale to logScale. */
  logScale: amount,
  /** A part of the frame, of `leastShare` to 1 of its sides, in place of all of it; not for crops at native size. */
  crop: z.strictObject({ leastShare: z.number().min(0.05).max(1), probability }).optional(),
  /** Distance from grey times 1 - amount to 1 + amount. */
  saturation: z.strictObject({ amount: z.number().min(0).max(1), probability }).optional(),
  /** Grey levels times 1 - amount to 1 + amount, clipped. */
  brightness: z.strictObject({ amount: z.number().min(0).max(1), probability }).optional(),
  /** Deviation of the normal noise in each normalised channel's gain (around 1) and offset (around 0). */
  gain: amount,
  offset: amount,
  /** Grey levels in [0, 1] to the power e^u with u drawn evenly from -logGamma to logGamma. */
  logGamma: amount,
});

export type Augmentation = Readonly<z.infer<typeof augmentationSchema>>;

export const AUGMENTATION_PRESETS = ['none', 'slight', 'published', 'vessels', 'words'] as const;
export type AugmentationPreset = (typeof AUGMENTATION_PRESETS)[number];

export const AUGMENTATIONS: Readonly<Record<AugmentationPreset, Augmentation>> = {
  none: augmentationSchema.parse({}),
  /**
   * For frames of one run, which are all alike: they are shown nearly as they are, but no pixel twice in the same place, so that a
   * draft's ragged rims are not learnt by heart. Three frames of the demonstration's coronary run, 65 steps, "Vein" and "Catheter" on six others:
   * 0.864, 0.890 with none, 0.867, 0.897 with this, 0.865, 0.894 with 10 degrees and 10 % (bench/drafts.md).
   */
  slight: augmentationSchema.parse({
    rotation: { degrees: 4, probability: 1 },
    logScale: 0.05,
  }),
  /** As the method's authors trained (arXiv 2503.16055); they give no ranges for saturation, brightness and crops. */
  published: augmentationSchema.parse({
    flipX: 0.5,
    rotation: { degrees: 10, probability: 0.5 },
    crop: { leastShare: 0.6, probability: 0.5 },
    saturation: { amount: 0.5, probability: 0.2 },
    brightness: { amount: 0.5, probability: 0.5 },
  }),
  /** For vessels, which look alike in every direction. */
  vessels: augmentationSchema.parse({
    flipX: 0.5,
    flipY: 0.5,
    rotation: { degrees: 180, probability: 1 },
    logScale: 0.25,
    gain: 0.15,
    offset: 0.15,
    logGamma: 0.25,
  }),
  /**
   * For several words on the same frames: what tells an artery from a vein (a shade of colour, the course, the width) is left
   * nearly as it is. From three photographs of AVRDB_sample, salt-tiny learns them more slowly with the sizes of `vessels` and
   * either its turns or its colours: Dice loss over steps 151 to 175 of 480 0.617 and 0.607 in place of 0.585. On other photographs
   * less of one is painted on the other (18 % and 24 % in place of 21 % and 25 %, 480 steps, both segmented at 640 px), with no higher Dice.
   */
  words: augmentationSchema.parse({
    flipX: 0.5,
    flipY: 0.5,
    rotation: { degrees: 30, probability: 1 },
    logScale: 0.15,
    gain: 0.05,
    offset: 0.05,
    logGamma: 0.1,
  }),
};
