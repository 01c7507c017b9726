import type { MaskWrite, SegmentationInfo } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import type { CollectedFrame } from '../../store/collected-frame.ts';
import type { Parts } from './parts.ts';
import { maskFrom } from './masks.ts';
import { paintedPart, patched } from './painted-part.ts';
import type { FrameResult } from './results.ts';
import { fold, segmentOf } from '../common/working.ts';

/** The masks of a result under the rules of now, as writes. Words without a segment are left out. */
export function writesOf(
  { store }: Pick<Parts, 'store'>,
  segmentation: SegmentationInfo,
  { frame, width, height, maps }: FrameResult,
): readonly MaskWrite[] {
  const { settings } = store.getState();
  return maps.flatMap(({ word, probabilities }) => {
    const segment = segmentOf(segmentation, word);
    return segment
      ? [{ frame, segmentIndex: segment.index, mask: maskFrom(probabilities, width, height, settings) }]
      : [];
  });
}

/** The frame of the set that shows what a person approved rather than what the model finds; undefined without one. */
function approvedFrame({ store }: Pick<Parts, 'store'>, ref: MaskWrite['frame']): CollectedFrame | undefined {
  const { settings, frames } = store.getState();
  const id = frameId(ref);
  return settings.keepMine ? frames.find((frame) => frame.id === id) : undefined;
}

/** Whether nothing on the frame is the model's, since a person approved all of it, in every word that it looked for. */
export function isApproved(parts: Pick<Parts, 'store'>, { frame, maps }: FrameResult): boolean {
  const approved = approvedFrame(parts, frame);
  const words = new Set(approved?.masks.map(({ word }) => fold(word)));
  return approved !== undefined && !paintedPart(approved) && maps.every(({ word }) => words.has(fold(word)));
}

/** As `writesOf`, but with the masks that a person approved, where they speak of the frame. */
export function keptWrites(
  parts: Pick<Parts, 'store'>,
  segmentation: SegmentationInfo,
  result: FrameResult,
): readonly MaskWrite[] {
  const { frame } = result;
  const found = writesOf(parts, segmentation, result);
  const approved = approvedFrame(parts, frame);
  if (!approved) return found;
  const part = paintedPart(approved);
  const kept = approved.masks.flatMap(({ word, mask }): MaskWrite[] => {
    const segmentIndex = segmentOf(segmentation, word)?.index;
    if (segmentIndex === undefined) return [];
    const beside = found.find((write) => write.segmentIndex === segmentIndex)?.mask;
    return [{ frame, segmentIndex, mask: part && beside ? patched(beside, mask, part) : mask }];
  });
  // Words that were added since are the model's; what was approved comes last, and so wins.
  return [...found.filter((write) => !kept.some((one) => one.segmentIndex === write.segmentIndex)), ...kept];
}
