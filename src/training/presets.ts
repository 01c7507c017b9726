/** Sensible settings for each kind of model, for those who do not want to choose. */
import { AUGMENTATIONS } from './augmentation.ts';
import type { Augmentation } from './augmentation.ts';
import { SALT_LOSS, VESSEL_LOSS } from './loss.ts';
import type { TrainingSettingsInput } from './settings.ts';

export interface Preset {
  readonly batchSize: number;
  readonly settings: Omit<TrainingSettingsInput, 'words' | 'budget'>;
  /** In place of the settings' own, where several words are learnt from frames that are seen whole. */
  readonly augmentationOfWords?: Augmentation;
  /** Of `side` pixels, in which photographs with several words are seen, and textures in runs of at least so many minutes or steps. */
  readonly tiles?: { readonly side: number; readonly minutes: number; readonly steps: number };
}

/** As the method's authors trained (arXiv 2503.16055); they do not say how often the rate drops. */
export const SAM_PRESET: Preset = {
  batchSize: 5,
  settings: {
    crop: 'frame',
    augmentation: AUGMENTATIONS.published,
    schedule: { learningRate: 1e-4, decay: { kind: 'steps', drops: 3, factor: 0.5 } },
  },
};

/**
 * For a model that knows vessels and words already, with a detail head: it sees them in every direction, and the loss
 * is the one that it was pretrained with. The rate: three times as high it learns faster where 65 steps fit into the time
 * ("Vein" 0.848 in place of 0.806, exact masks), and ruins the model where only a few do: a run of 24 s on a busy machine left a
 * Dice of 0.22 where the draft had 0.74. Twice as high it is worse in 65 steps on drafted masks (0.836 in place of 0.841), no different in 148
 * (DRIVE, one image: 0.795 and 0.794) and better from 300 on (three images, five minutes: DRIVE 0.800 in place of 0.796, OCTA 0.787 in place of 0.784).
 *
 * Photographs in tiles: three to four smaller steps fit into the time of one, and words that differ in shade and width need many. Three
 * photographs of AVRDB_sample (752 px), equal times, "artery" and "vein": 0.548, 0.590 whole at 640 px, 0.591, 0.638 in tiles of
 * 448 px, 0.609, 0.650 in tiles of 320 px. What is known by its course is lost in a tile: of the demonstration's coronary run (512 px) in
 * tiles of 256 px, "Catheter" has 0.00 where 0.90 is learnt from whole frames (bench/accuracy.md).
 *
 * Nor is anything lost where vessels are as dense as a texture: three OCT angiograms, 1,100 tiles or some 390 whole frames, 0.791 and 0.791 in
 * place of 0.787 and 0.787 (seeds 1 and 2); a U-Net has 0.789.
 */
export const PRETRAINED_PRESET: Preset = {
  batchSize: 1,
  settings: {
    crop: 'frame',
    augmentation: AUGMENTATIONS.vessels,
    schedule: {
      learningRate: 3e-3,
      longRun: { steps: 300, learningRate: 6e-3 },
      warmUpSteps: 10,
      decay: { kind: 'cosine', floor: 0 },
    },
    clipNorm: 1,
    loss: { ...VESSEL_LOSS, diceOver: 'sample', penaltyWeight: SALT_LOSS.penaltyWeight },
  },
  augmentationOfWords: AUGMENTATIONS.words,
  tiles: { side: 320, minutes: 5, steps: 1000 },
};

/** A recipe under which a plain U-Net learns vessels from a few frames; the rate falls to zero over the budget. */
export const UNET_PRESET: Preset = {
  batchSize: 4,
  settings: {
    crop: 'native',
    augmentation: AUGMENTATIONS.vessels,
    schedule: { learningRate: 3e-3, warmUpSteps: 50, decay: { kind: 'cosine', floor: 0 } },
    clipNorm: 1,
    loss: VESSEL_LOSS,
  },
};

/** Side of the U-Net's crops in pixels, unless the frames are smaller. */
const UNET_CROP = 256;

/**
 * Crops of a U-Net: no larger than the frames need.
 * @param multiple of which their side must be one
 * @param longest side of a frame in pixels
 */
export function unetCropSide(multiple: number, longest: number): number {
  return Math.max(
    multiple,
    Math.min(Math.ceil(longest / multiple), Math.floor(UNET_CROP / multiple)) * multiple,
  );
}
