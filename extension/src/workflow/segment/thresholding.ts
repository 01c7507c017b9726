import { createBreather } from '../../breather.ts';
import type { FrameRef, MaskWrite, SegmentationInfo } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import { attempt, patchSettings } from '../common/context.ts';
import type { MaskRules } from '../masks/masks.ts';
import type { Parts } from '../masks/parts.ts';
import { shownPlace } from '../common/working.ts';
import { isApproved, keptWrites } from '../masks/write-result.ts';

export interface Thresholding {
  /** While a slider is dragged: the frame on screen follows, without a step of the viewer's undo for each. */
  readonly preview: (rules: Partial<MaskRules>) => void;
  /** All frames of the segmentation follow, as one step of undo. Frames corrected by hand stay as they are. */
  readonly commit: (rules: Partial<MaskRules>) => Promise<void>;
}

export function createThresholding(parts: Parts): Thresholding {
  const { viewer, strings, working, machine, results } = parts;
  /** What the previewed frame held before. */
  let original: { frame: FrameRef; segmentation: SegmentationInfo; writes: readonly MaskWrite[] } | undefined;
  let drawing = Promise.resolve();
  let waiting = false;

  const target = (): SegmentationInfo | undefined => {
    const place = viewer.active();
    return place && working.current(place.series.id);
  };

  const drawPreview = async (): Promise<void> => {
    const segmentation = target();
    if (!segmentation) return;
    const { frame } = shownPlace(parts, parts.viewer.active());
    const result = results.find(segmentation.id, frame);
    if (!result || machine.isTouched(segmentation.id, frame)) return;
    if (original && frameId(original.frame) !== frameId(frame)) await restore();
    const writes = keptWrites(parts, segmentation, result);
    original ??= { frame, segmentation, writes: nowOf(segmentation, writes) };
    await viewer.writeMasks(segmentation.id, writes, { undoable: false });
    machine.note(segmentation.id, frame);
  };

  const nowOf = ({ id }: SegmentationInfo, writes: readonly MaskWrite[]): readonly MaskWrite[] =>
    writes.map((write) => {
      const data = viewer.readMask(id, write.segmentIndex, write.frame)?.data;
      return {
        ...write,
        mask: { ...write.mask, data: Uint8Array.from(data ?? write.mask.data.map(() => 0)) },
      };
    });

  const restore = async (): Promise<void> => {
    if (!original) return;
    const { segmentation, writes } = original;
    original = undefined;
    await viewer.writeMasks(segmentation.id, writes, {
      undoable: false,
      // Who has painted on the preview keeps that.
      unless: (frame) => machine.isTouched(segmentation.id, frame),
      onWritten: (frame) => machine.note(segmentation.id, frame),
    });
  };

  const run = (draw: () => Promise<void>): Promise<void> => {
    drawing = drawing.then(async () => {
      await attempt(
        parts,
        { name: 'threshold', where: 'segment', title: strings.segment.thresholdFailed },
        draw,
      );
    });
    return drawing;
  };

  return {
    preview(rules) {
      patchSettings(parts, rules);
      // One that has not begun yet will draw the newest rules.
      if (waiting) return;
      waiting = true;
      void run(() => {
        waiting = false;
        return drawPreview();
      });
    },
    commit(rules) {
      patchSettings(parts, rules);
      return run(async () => {
        await restore();
        const segmentation = target();
        if (!segmentation) return;
        const open = results
          .of(segmentation.id)
          .filter(
            (result) => !machine.isTouched(segmentation.id, result.frame) && !isApproved(parts, result),
          );
        const breathe = createBreather();
        const writes: MaskWrite[] = [];
        for (const result of open) {
          writes.push(...keptWrites(parts, segmentation, result));
          await breathe();
        }
        await viewer.writeMasks(segmentation.id, writes, {
          // Who has begun to correct a frame meanwhile keeps it as it is.
          unless: (frame) => machine.isTouched(segmentation.id, frame),
          onWritten: (frame) => machine.note(segmentation.id, frame),
        });
        parts.refresh();
      });
    },
  };
}
