import type { FrameRef, SegmentationInfo, Viewer } from '../host/viewer.ts';
import { frameId } from '../store/collected-frame.ts';
import { maskHash } from './masks.ts';

/**
 * Remembers which masks the machine wrote, so that a person's work is told from it: a frame counts as touched when
 * any of its masks is no longer what was written. Undoing a correction makes it untouched again.
 */
export interface MachineMasks {
  /** Notes the masks as they are now, after they were written. */
  readonly note: (segmentation: SegmentationInfo, frame: FrameRef) => void;
  readonly isTouched: (segmentation: SegmentationInfo, frame: FrameRef) => boolean;
  /** Whether the machine wrote to the frame at all. */
  readonly isKnown: (segmentationId: string, frame: FrameRef) => boolean;
  readonly forget: (segmentationId: string) => void;
}

export function createMachineMasks(viewer: Viewer): MachineMasks {
  /** By segmentation, then frame, then segment: fingerprints. */
  const notes = new Map<string, Map<string, ReadonlyMap<number, number>>>();

  const hashes = ({ id, segments }: SegmentationInfo, frame: FrameRef): ReadonlyMap<number, number> =>
    new Map(segments.map(({ index }) => [index, maskHash(viewer.readMask(id, index, frame))]));

  return {
    note(segmentation, frame) {
      const frames = notes.get(segmentation.id) ?? new Map<string, ReadonlyMap<number, number>>();
      frames.set(frameId(frame), hashes(segmentation, frame));
      notes.set(segmentation.id, frames);
    },
    isTouched(segmentation, frame) {
      const noted = notes.get(segmentation.id)?.get(frameId(frame));
      return [...hashes(segmentation, frame)].some(([index, hash]) => hash !== (noted?.get(index) ?? 0));
    },
    isKnown: (segmentationId, frame) => notes.get(segmentationId)?.has(frameId(frame)) ?? false,
    forget: (segmentationId) => {
      notes.delete(segmentationId);
    },
  };
}
