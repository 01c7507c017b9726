import type { FrameRef, Viewer } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import type { Origin } from '../../store/unsaved-frame.ts';

/**
 * Remembers which masks the machine wrote, so that a person's work is told from it: a frame counts as touched when
 * any of its masks is no longer what was written. Undoing a correction makes it untouched again.
 */
export interface MachineMasks {
  /** Notes the masks as they are now, after they were written. */
  readonly note: (segmentationId: string, frame: FrameRef, origin?: Origin) => void;
  readonly isTouched: (segmentationId: string, frame: FrameRef) => boolean;
  /** Whether the machine wrote to the frame, and nobody has touched it since. */
  readonly isAsWritten: (segmentationId: string, frame: FrameRef) => boolean;
  /** Whether the machine wrote to the frame at all. */
  readonly isKnown: (segmentationId: string, frame: FrameRef) => boolean;
  /** Looks at the masks of the frame on screen, so that `isBasis` can tell. */
  readonly watch: (segmentationId: string, frame: FrameRef) => void;
  /**
   * Whether what is there began as what the machine wrote. No longer so once that was undone or wiped whole: what a
   * person paints then is their own.
   */
  readonly isBasis: (segmentationId: string, frame: FrameRef) => boolean;
  /** Undefined where what is there is a person's own. */
  readonly originOf: (segmentationId: string, frame: FrameRef) => Origin | undefined;
  readonly forget: (segmentationId: string) => void;
}

interface Note {
  /** What the machine wrote, as the viewer's fingerprint tells it; undefined where it is not known any more. */
  readonly written: number | undefined;
  /** Whether it was seen wiped whole, and not as noted since. */
  wiped: boolean;
}

export function createMachineMasks(viewer: Pick<Viewer, 'fingerprint'>): MachineMasks {
  /** By segmentation, then frame. */
  const notes = new Map<string, Map<string, Note>>();
  const noteOf = (segmentationId: string, frame: FrameRef): Note | undefined =>
    notes.get(segmentationId)?.get(frameId(frame));

  const isTouched = (segmentationId: string, frame: FrameRef): boolean => {
    const note = noteOf(segmentationId, frame);
    return viewer.fingerprint(segmentationId, frame) !== (note ? note.written : 0);
  };
  const isBasis = (segmentationId: string, frame: FrameRef): boolean =>
    noteOf(segmentationId, frame)?.wiped === false;

  return {
    note(segmentationId, frame, origin = 'asWritten') {
      const frames = notes.get(segmentationId) ?? new Map<string, Note>();
      const written = origin === 'asWritten' ? viewer.fingerprint(segmentationId, frame) : undefined;
      frames.set(frameId(frame), { written, wiped: false });
      notes.set(segmentationId, frames);
    },
    isTouched,
    isAsWritten: (segmentationId, frame) =>
      noteOf(segmentationId, frame) !== undefined && !isTouched(segmentationId, frame),
    isKnown: (segmentationId, frame) => noteOf(segmentationId, frame) !== undefined,
    watch(segmentationId, frame) {
      const note = noteOf(segmentationId, frame);
      if (!note) return;
      const seen = viewer.fingerprint(segmentationId, frame);
      if (seen === 0) note.wiped = true;
      // The viewer's redo brings it back.
      else if (seen === note.written) note.wiped = false;
    },
    isBasis,
    originOf(segmentationId, frame) {
      if (!isBasis(segmentationId, frame)) return undefined;
      return isTouched(segmentationId, frame) ? 'corrected' : 'asWritten';
    },
    forget: (segmentationId) => {
      notes.delete(segmentationId);
    },
  };
}
