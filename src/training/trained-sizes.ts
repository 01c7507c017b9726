/** At which sizes a model is shown frames in training, and when it segments. Sides are in pixels. */
import type { AdapterFile } from '../adapters/index.ts';
import type { Frame } from '../imaging/frame.ts';
import { inputMultiple } from '../inference/sam-base.ts';
import type { SamBase, TrainedSizes } from '../inference/sam-base.ts';
import { MOST_ENLARGED, enlargedSide, samSide } from '../model/sam-side.ts';
import type { Augmentation } from './augmentation.ts';
import type { FrameKind } from './frame-kind.ts';
import type { Preset } from './presets.ts';
import type { RunChoices } from './run-choices.ts';
import type { TrainingSettings } from './settings.ts';
import { firstFrame } from './training-sample.ts';
import type { TrainingSample } from './training-sample.ts';

interface ShownFrames {
  readonly choices: RunChoices;
  readonly base: SamBase;
  readonly samples: readonly TrainingSample[];
  /** The adapter that the run goes on from. */
  readonly from?: AdapterFile;
}

/**
 * How frames are shown in training: as was chosen, as in the adapter that the run goes on from, or as the model is best shown them.
 * @throws SaltError `DATASET_INVALID` without samples, and what loading a frame throws
 */
export async function trainedSizes(
  { choices, base, samples, from }: ShownFrames,
  { tiles }: Preset,
  kind: FrameKind,
): Promise<TrainedSizes> {
  if (from && choices.imageSize === undefined && choices.tileSize === undefined) {
    const { imageSize, frameSize } = from.info;
    return { imageSize, ...(frameSize !== undefined && { frameSize }) };
  }
  const usual = tiles && isSeenInTiles(kind, choices, samples.length, tiles) ? tiles.side : 'whole';
  const tileSize = choices.tileSize ?? usual;
  const inTiles = tileSize !== 'whole';
  const frameSize = choices.imageSize ?? frameSizeFor(base, await firstFrame(samples), inTiles);
  const multiple = inputMultiple(base);
  const imageSize = inTiles ? Math.ceil(tileSize / multiple) * multiple : frameSize;
  return imageSize < frameSize ? { imageSize, frameSize } : { imageSize: frameSize };
}

/** Several words of a photograph always; a texture where the run is long. What is known by its course is lost in a tile. */
function isSeenInTiles(
  kind: FrameKind,
  { words, budget }: RunChoices,
  frames: number,
  { minutes, steps }: NonNullable<Preset['tiles']>,
): boolean {
  if (kind === 'other') return false;
  if (kind === 'photograph') return words.length > 1;
  if ('minutes' in budget) return budget.minutes >= minutes;
  return ('steps' in budget ? budget.steps : budget.epochs * frames) >= steps;
}

function frameSizeFor(base: SamBase, { width, height }: Frame, inTiles: boolean): number {
  const { config, detail, textAffine } = base;
  if (!detail || !textAffine) return samSide(config.imageSize);
  return detailSide(config.imageSize, inputMultiple(base), Math.max(width, height), inTiles);
}

/** Side of the input when segmenting. */
export function segmentingSideFor(
  base: SamBase,
  { imageSize, frameSize }: TrainedSizes,
  { augmentation, words }: TrainingSettings,
  kind: FrameKind,
): number {
  if (!base.detail || !base.textAffine || kind === 'texture') return imageSize;
  if (frameSize !== undefined && (words.length > 1 || isFineInTiles(base.config.imageSize, frameSize))) {
    return imageSize;
  }
  return segmentingSide(imageSize, inputMultiple(base), augmentation);
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
