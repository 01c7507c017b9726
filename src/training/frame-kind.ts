import { isInColour } from '../imaging/frame.ts';
import type { Mask } from '../imaging/frame.ts';
import { firstFrame } from './training-sample.ts';
import type { TrainingSample } from './training-sample.ts';

/**
 * What decides how a model with a detail head is best shown frames. A `texture` is a single structure as dense as that of an OCT angiogram; any
 * other frame in colour is a `photograph`; and what is left, such as an angiogram, is `other`.
 */
export type FrameKind = 'texture' | 'photograph' | 'other';

/** Share of what a frame shows: OCT angiograms have 0.36 to 0.39, fundus photographs 0.05 to 0.16, the drawn coronary run 0.02 to 0.05. */
const DENSE = 0.2;

/** @throws SaltError `DATASET_INVALID` without samples, and what loading a frame or a mask throws */
export async function frameKindOf(
  words: readonly string[],
  samples: readonly TrainingSample[],
): Promise<FrameKind> {
  const [word, ...others] = words;
  if (word !== undefined && others.length === 0 && (await firstShare(word, samples)) >= DENSE) {
    return 'texture';
  }
  return isInColour(await firstFrame(samples)) ? 'photograph' : 'other';
}

/** Share of the first frame with any that is painted, 0 to 1; 0 where none is. Of one that is painted in part it says too little, not too much. */
async function firstShare(word: string, samples: readonly TrainingSample[]): Promise<number> {
  for (const { masks, loadFieldOfView } of samples) {
    const mask = await masks.get(word)?.();
    if (!mask) continue;
    const share = shareOf(mask, await loadFieldOfView?.());
    if (share > 0) return share;
  }
  return 0;
}

function shareOf({ data }: Mask, fieldOfView: Mask | undefined): number {
  let painted = 0;
  let shown = 0;
  for (const [i, value] of data.entries()) {
    if (fieldOfView?.data[i] === 0) continue;
    shown++;
    if (value !== 0) painted++;
  }
  return shown > 0 ? painted / shown : 0;
}
