/** Masks that were opened from the archive. */
import type { FrameRef, SegmentationInfo } from '../../host/viewer.ts';
import { isOfModel } from './machine-masks.ts';
import type { Parts } from './parts.ts';

/** Whether a frame is still as the archive has it, whoever drew it. */
export function isAsOpened(
  { machine, keeper }: Pick<Parts, 'machine' | 'keeper'>,
  segmentationId: string,
  frame: FrameRef,
): boolean {
  return machine.noteOf(segmentationId, frame) === undefined && keeper.isAsOpened(segmentationId, frame);
}

/** Whether that was drawn by a model: no work of a person's to be collected. */
export function isModelsAsOpened(
  parts: Pick<Parts, 'machine' | 'keeper'>,
  segmentation: SegmentationInfo,
  frame: FrameRef,
): boolean {
  return isOfModel(segmentation) && isAsOpened(parts, segmentation.id, frame);
}
