import type { FrameRef, SegmentationInfo, Viewer } from '../../host/viewer.ts';
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
  /** Looks at the masks of the frame on screen, so that `isBasis` can tell. */
  readonly watch: (segmentationId: string, frame: FrameRef) => void;
  /**
   * Whether what is there began as what the machine wrote. No longer so once that was undone or wiped whole: what a
   * person paints then is their own.
   */
  readonly isBasis: (segmentationId: string, frame: FrameRef) => boolean;
  /** Undefined where what is there is a person's own. */
  readonly originOf: (segmentationId: string, frame: FrameRef) => Origin | undefined;
  /** For `restore`, before the machine writes again. */
  readonly noteOf: (segmentationId: string, frame: FrameRef) => Note | undefined;
  /** The frame is again as it was when `earlier` was its note, or as it was before the machine wrote to it. */
  readonly restore: (segmentationId: string, frame: FrameRef, earlier: Note | undefined) => void;
  readonly forget: (segmentationId: string) => void;
}

export interface Note {
  /** All that the machine wrote, as the viewer's fingerprints tell it: undo and redo lead back to any of them. */
  readonly written: Set<number>;
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
    const shown = viewer.fingerprint(segmentationId, frame);
    return note ? !note.written.has(shown) : shown !== 0;
  };
  const isBasis = (segmentationId: string, frame: FrameRef): boolean =>
    noteOf(segmentationId, frame)?.wiped === false;

  const note: MachineMasks['note'] = (segmentationId, frame, origin = 'asWritten') => {
    const frames = notes.get(segmentationId) ?? new Map<string, Note>();
    const written = frames.get(frameId(frame))?.written ?? new Set<number>();
    if (origin === 'asWritten') written.add(viewer.fingerprint(segmentationId, frame));
    frames.set(frameId(frame), { written, wiped: false });
    notes.set(segmentationId, frames);
  };

  return {
    note,
    noteOf,
    restore(segmentationId, frame, earlier) {
      if (earlier) notes.get(segmentationId)?.set(frameId(frame), earlier);
      // The viewer's undo may bring back what was taken back, and that is no person's work.
      else if (viewer.fingerprint(segmentationId, frame) === 0) note(segmentationId, frame);
      else notes.get(segmentationId)?.delete(frameId(frame));
    },
    isTouched,
    isAsWritten: (segmentationId, frame) =>
      noteOf(segmentationId, frame) !== undefined && !isTouched(segmentationId, frame),
    watch(segmentationId, frame) {
      const note = noteOf(segmentationId, frame);
      if (!note) return;
      const seen = viewer.fingerprint(segmentationId, frame);
      if (seen === 0) note.wiped = true;
      // The viewer's redo brings it back.
      else if (note.written.has(seen)) note.wiped = false;
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

/** Whether its file says that a model drew it, or had a part in it. */
export function isOfModel({ segments }: SegmentationInfo): boolean {
  return segments.some(({ stated }) => stated !== undefined && stated.type !== 'MANUAL');
}
