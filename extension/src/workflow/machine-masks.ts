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
  /** Looks at the masks of the frame on screen, so that `isBasis` can tell. */
  readonly watch: (segmentation: SegmentationInfo, frame: FrameRef) => void;
  /**
   * Whether what is there began as what the machine wrote. No longer so once that was undone or wiped whole: what a
   * person paints then is their own.
   */
  readonly isBasis: (segmentationId: string, frame: FrameRef) => boolean;
  readonly forget: (segmentationId: string) => void;
}

interface Note {
  /** By segment: fingerprints, 0 for an empty mask. */
  readonly hashes: ReadonlyMap<number, number>;
  /** Whether it was seen wiped whole, and not as noted since. */
  wiped: boolean;
}

export function createMachineMasks(viewer: Viewer): MachineMasks {
  /** By segmentation, then frame. */
  const notes = new Map<string, Map<string, Note>>();
  const noteOf = (segmentationId: string, frame: FrameRef): Note | undefined =>
    notes.get(segmentationId)?.get(frameId(frame));

  const hashes = ({ id, segments }: SegmentationInfo, frame: FrameRef): ReadonlyMap<number, number> =>
    new Map(segments.map(({ index }) => [index, maskHash(viewer.readMask(id, index, frame))]));

  return {
    note(segmentation, frame) {
      const frames = notes.get(segmentation.id) ?? new Map<string, Note>();
      frames.set(frameId(frame), { hashes: hashes(segmentation, frame), wiped: false });
      notes.set(segmentation.id, frames);
    },
    isTouched(segmentation, frame) {
      const noted = noteOf(segmentation.id, frame);
      return [...hashes(segmentation, frame)].some(
        ([index, hash]) => hash !== (noted?.hashes.get(index) ?? 0),
      );
    },
    isKnown: (segmentationId, frame) => noteOf(segmentationId, frame) !== undefined,
    watch(segmentation, frame) {
      const noted = noteOf(segmentation.id, frame);
      if (!noted) return;
      const seen = [...hashes(segmentation, frame)];
      if (seen.every(([, hash]) => hash === 0)) noted.wiped = true;
      // The viewer's redo brings it back.
      else if (seen.every(([index, hash]) => hash === (noted.hashes.get(index) ?? 0))) noted.wiped = false;
    },
    isBasis: (segmentationId, frame) => noteOf(segmentationId, frame)?.wiped === false,
    forget: (segmentationId) => {
      notes.delete(segmentationId);
    },
  };
}
