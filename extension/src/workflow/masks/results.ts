import type { FrameRef } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import type { SegmentedFrame, Source } from '../../../../src/protocol/backend.ts';

/** Probability maps are let go, oldest segmentation first, beyond this many bytes. */
const MAX_BYTES = 768 * 2 ** 20;

export interface FrameResult {
  readonly frame: FrameRef;
  readonly width: number;
  readonly height: number;
  readonly maps: SegmentedFrame['maps'];
  readonly uncertainty: number;
}

/** What was computed for a segmentation: kept so that the threshold can move without running the model again. */
export interface Results {
  readonly add: (segmentationId: string, result: FrameResult, source: Source) => void;
  /** In the order in which they were computed. */
  readonly of: (segmentationId: string) => readonly FrameResult[];
  readonly find: (segmentationId: string, frame: FrameRef) => FrameResult | undefined;
  /** As it was before: without a result where there was none. */
  readonly restore: (segmentationId: string, frame: FrameRef, earlier: FrameResult | undefined) => void;
  readonly sourceOf: (segmentationId: string) => Source | undefined;
  readonly forget: (segmentationId: string) => void;
}

export function createResults(maxBytes = MAX_BYTES): Results {
  const all = new Map<string, { source: Source; frames: Map<string, FrameResult> }>();

  const bytes = (): number =>
    [...all.values()].reduce(
      (sum, { frames }) =>
        sum +
        [...frames.values()].reduce(
          (most, { maps }) => most + maps.reduce((size, map) => size + map.probabilities.length, 0),
          0,
        ),
      0,
    );

  return {
    add(segmentationId, result, source) {
      const frames = all.get(segmentationId)?.frames ?? new Map<string, FrameResult>();
      frames.set(frameId(result.frame), result);
      // Set anew, so that the one in use is the youngest.
      all.delete(segmentationId);
      all.set(segmentationId, { source, frames });
      while (all.size > 1 && bytes() > maxBytes) {
        const oldest = all.keys().next().value;
        if (oldest === undefined) break;
        all.delete(oldest);
      }
    },
    of: (segmentationId) => [...(all.get(segmentationId)?.frames.values() ?? [])],
    find: (segmentationId, frame) => all.get(segmentationId)?.frames.get(frameId(frame)),
    restore(segmentationId, frame, earlier) {
      const frames = all.get(segmentationId)?.frames;
      if (earlier) frames?.set(frameId(frame), earlier);
      else frames?.delete(frameId(frame));
    },
    sourceOf: (segmentationId) => all.get(segmentationId)?.source,
    forget: (segmentationId) => {
      all.delete(segmentationId);
    },
  };
}
