import type { MaskWrite, SegmentationInfo } from '../host/viewer.ts';
import type { MaskPixels } from '../../../src/protocol/frames.ts';
import type { Parts } from './parts.ts';
import { maskFrom } from './masks.ts';
import type { FrameResult } from './results.ts';
import { segmentOf } from './working.ts';

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

/** The masks of a collected frame, as writes. */
export function approvedWrites(
  segmentation: SegmentationInfo,
  frame: MaskWrite['frame'],
  masks: readonly { readonly word: string; readonly mask: MaskPixels }[],
): readonly MaskWrite[] {
  return masks.flatMap(({ word, mask }) => {
    const segment = segmentOf(segmentation, word);
    return segment ? [{ frame, segmentIndex: segment.index, mask }] : [];
  });
}
