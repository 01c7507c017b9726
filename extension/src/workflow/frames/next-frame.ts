import type { Series } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import { announce, attempt, refusal } from '../common/context.ts';
import type { Parts } from '../masks/parts.ts';
import { shownPlace } from '../common/working.ts';

/** Goes to the frame of the series on screen whose annotation is likely to teach most. */
export async function nextFrame(parts: Parts): Promise<void> {
  const { viewer, store, strings, working, results } = parts;
  const s = strings.frames;
  await attempt(parts, { name: 'next', where: 'frames', title: s.jumpFailed }, async () => {
    const { series, frameIndex } = shownPlace(parts, parts.viewer.active());
    const segmentation = working.current(series.id);
    const collected = new Set(store.getState().frames.map(({ id }) => id));
    const uncertainty = series.frames.map((frame) =>
      segmentation ? (results.find(segmentation.id, frame)?.uncertainty ?? null) : null,
    );
    const index = chooseNext(series, collected, uncertainty, frameIndex);
    const frame = index === undefined ? undefined : series.frames[index];
    if (index === undefined || !frame) throw refusal(strings.reasons.allCollected);
    await viewer.goTo(frame);
    announce(parts, uncertainty[index] === null ? s.wentToDistant(index + 1) : s.wentToUnsure(index + 1));
  });
}

/**
 * The frame that is not collected and that the model is least sure of; before anything is segmented, the one
 * furthest from all collected frames, and with none collected the middle of the run, where contrast is fullest.
 *
 * @param uncertainty 0 to 1 for each frame, null where it has not been segmented
 * @param current not proposed while there is another
 */
export function chooseNext(
  series: Pick<Series, 'frames'>,
  collected: ReadonlySet<string>,
  uncertainty: readonly (number | null)[],
  current: number,
): number | undefined {
  const isCollected = series.frames.map((frame) => collected.has(frameId(frame)));
  const open = series.frames.flatMap((_, index) => (isCollected[index] === true ? [] : [index]));
  const others = open.filter((index) => index !== current);
  const candidates = others.length > 0 ? others : open;
  const unsure = candidates.filter((index) => typeof uncertainty[index] === 'number');
  if (unsure.length > 0) return best(unsure, (index) => uncertainty[index] ?? 0);
  const taken = isCollected.flatMap((is, index) => (is ? [index] : []));
  if (taken.length === 0) {
    const middle = (series.frames.length - 1) / 2;
    return best(candidates, (index) => -Math.abs(index - middle));
  }
  return best(candidates, (index) => Math.min(...taken.map((other) => Math.abs(other - index))));
}

function best(candidates: readonly number[], worth: (index: number) => number): number | undefined {
  return candidates.reduce<number | undefined>(
    (top, index) => (top === undefined || worth(index) > worth(top) ? index : top),
    undefined,
  );
}
