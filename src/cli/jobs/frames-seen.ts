import type { FrameFile } from '../../imaging/decode-any.ts';
import type { Frame } from '../../imaging/frame.ts';
import { levelsOf } from '../../imaging/run/levels.ts';
import type { Levels } from '../../imaging/run/levels.ts';
import { stillBackgroundOf } from '../../imaging/run/still-background.ts';
import { withoutBackground } from '../../imaging/run/subtract.ts';
import type { TrainedModel } from '../../inference/trained-model.ts';
import { isRun, lookedAt } from '../../protocol/runs.ts';
import { breathe } from '../../protocol/breathe.ts';

/** A frame of a file, one-based, as the model is to see it. */
export type SeeFrame = (frameNumber: number) => Promise<Frame>;

export interface SeenFile {
  readonly see: SeeFrame;
  /** Whether the frames are seen less what stands still in their run. */
  readonly subtracted: boolean;
}

/** As the viewer does it: frames of an angiographic run less what stands still in it, where the model sees them so. */
export async function framesSeen(
  { subtracts }: Pick<TrainedModel, 'subtracts'>,
  file: FrameFile,
): Promise<SeenFile> {
  const asTheyAre: SeenFile = { see: (frameNumber) => file.frame(frameNumber), subtracted: false };
  if (!subtracts || file.frameCount === 1) return asTheyAre;
  const first = await file.frame(1);
  if (first.channels !== 1 || !isRun(first.source.dicom?.modality ?? '', file.frameCount)) return asTheyAre;
  const levels: Levels[] = [];
  for (const index of lookedAt(file.frameCount)) levels.push(levelsOf(await file.frame(index + 1)));
  const still = await stillBackgroundOf(levels, breathe);
  if (!still) return asTheyAre;
  const see: SeeFrame = async (frameNumber) => {
    const frame = await file.frame(frameNumber);
    return withoutBackground(frame, still.under(levelsOf(frame)));
  };
  return { see, subtracted: true };
}
