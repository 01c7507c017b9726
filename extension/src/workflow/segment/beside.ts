import type { FramePixels } from '../../../../src/protocol/frames.ts';
import type { FrameRef, Series } from '../../host/viewer.ts';
import type { SeeFrame } from '../common/seen-frames.ts';

interface SeenInRun {
  readonly frame: FramePixels;
  /** The frames just before and after it; none outside of runs, or in a run in which nothing moves. */
  readonly beside: readonly FramePixels[];
}

/** Frames of a series as the model is to see them, with those beside them in their run. Who goes along a run reads each once. */
export function createSeeInRun(series: Series, seeFrame: SeeFrame): (ref: FrameRef) => Promise<SeenInRun> {
  let kept = new Map<string, Promise<FramePixels>>();

  return async (ref) => {
    const before = kept;
    kept = new Map();
    const see = (one: FrameRef): Promise<FramePixels> => {
      const key = `${one.sopInstanceUid} ${one.frameNumber}`;
      const seen = before.get(key) ?? seeFrame(one);
      kept.set(key, seen);
      return seen;
    };
    const frame = await see(ref);
    const beside: FramePixels[] = [];
    // Only a run in which something moves has a still background.
    if (!frame.background) return { frame, beside };
    for (const other of neighboursOf(ref, series)) {
      // One that cannot be read is told of in its own turn.
      const pixels = await see(other).catch(() => undefined);
      if (pixels) beside.push(pixels);
    }
    return { frame, beside };
  };
}

function neighboursOf({ sopInstanceUid, frameNumber }: FrameRef, { frames }: Series): readonly FrameRef[] {
  return frames.filter(
    (other) => other.sopInstanceUid === sopInstanceUid && Math.abs(other.frameNumber - frameNumber) === 1,
  );
}
