/** Masks that were opened from the archive. */
import type { FrameRef, SegmentationInfo } from '../../host/viewer.ts';
import type { Parts } from './parts.ts';

/** Whether its file says that a model drew it, or had a part in it. */
export function isOfModel({ segments }: SegmentationInfo): boolean {
  return segments.some(({ stated }) => stated !== undefined && stated.type !== 'MANUAL');
}

/** Whether a frame is still as the archive has it, and drawn by a model at that: no work of a person's to be collected. */
export function isModelsAsOpened(
  { machine, keeper }: Pick<Parts, 'machine' | 'keeper'>,
  segmentation: SegmentationInfo,
  frame: FrameRef,
): boolean {
  const { id } = segmentation;
  return isOfModel(segmentation) && machine.noteOf(id, frame) === undefined && keeper.isAsOpened(id, frame);
}
