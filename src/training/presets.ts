/** Sensible settings for each kind of model, for those who do not want to choose. */
import { MOST_ENLARGED, enlargedSide, samSide } from '../model/sam-side.ts';
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

/** As `MOST_ENLARGED`, for frames that are seen in tiles. Measured up to 752 px only; above, it is what a frame's tiles may cost. */
const MOST_IN_TILES = 2;

/**
 * Longest side of frames as a model with a detail head sees them in training: what it draws is no coarser than the frame, so far as that can be
 * afforded. On CHASE_DB1 (999 px) after one image, 640 px in place of 512: 0.755 / 19.6 in place of 0.751 / 21.2 (one seed).
 * @param ownSide that the model's position tables were made for
 * @param multiple of which it must be one
 * @param longest side of a frame in pixels
 * @param inTiles whether only a part of the frame is an input, so that more can be afforded
 */
export function detailSide(ownSide: number, multiple: number, longest: number, inTiles: boolean): number {
  const usual = samSide(ownSide);
  const side = Math.min(longest, (inTiles ? MOST_IN_TILES : MOST_ENLARGED) * usual);
  return Math.max(usual, Math.ceil(side / multiple) * multiple);
}

/**
 * Whether tiles show frames larger than a model sees whole ones, so that they need not be enlarged when segmenting. In tiles of 320 px and enlarged
 * to 400, three images, seed 1: DRIVE (584 px) 0.805 / 5.8 and 0.812 / 4.3, CHASE_DB1 (999 px) 0.788 / 13.5 and 0.780 / 12.7.
 * @param ownSide that the model's position tables were made for
 * @param frameSize longest side of the frames in training, in pixels
 */
export function isFineInTiles(ownSide: number, frameSize: number): boolean {
  return frameSize > MOST_ENLARGED * samSide(ownSide);
}

/**
 * Side of the input at which a model with a detail head segments once it is trained. Where it has seen vessels of all sizes, frames are
 * enlarged: lines come out finer than the head's grid of two pixels. Four flips, Dice / HD95 at the side of the training and at 1.25 times
 * it: DRIVE after one image 0.794 / 6.7 and 0.800 / 5.0, 0.780 / 11.7 and 0.794 / 9.1 (seeds 1 and 3), after three 0.803 / 3.9 and
 * 0.810 / 3.1 (seed 2); CHASE_DB1 after one 0.771 / 15.0 and 0.776 / 12.7 (seed 3); OCTA after one 0.782 / 2.1 and 0.779 / 2.2 (seed 3).
 * At 1.14, 1.36 and 1.46 times the side, DRIVE's first has 0.799, 0.799 and 0.798; trained on parts that were enlarged as much, 0.796.
 * Without augmentation a size is all that it knows: on the demonstration's coronary run, three exact masks and 65 steps, "Vein" has
 * 0.878 and 0.843, "Catheter" 0.930 and 0.862.
 * @param trainedAt side of the input in training, in pixels
 * @param multiple of which it must be one
 */
export function segmentingSide(
  trainedAt: number,
  multiple: number,
  { logScale }: Pick<Augmentation, 'logScale'>,
): number {
  const enlarged = enlargedSide(trainedAt, multiple);
  return Math.log(enlarged / trainedAt) <= logScale ? enlarged : trainedAt;
}
