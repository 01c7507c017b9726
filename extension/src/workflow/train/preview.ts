import type { FramePixels } from '../../../../src/protocol/frames.ts';
import type { Place } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import type { Parts } from '../masks/parts.ts';
import { chooseNext } from '../frames/next-frame.ts';

/** A frame to watch while training goes on: the one at the place unless it is trained on, else a distant one. */
export async function pickPreview(
  { store, seeFrame }: Parts,
  place: Place | undefined,
): Promise<FramePixels | undefined> {
  if (!place) return undefined;
  const { series, frameIndex } = place;
  const collected = new Set(store.getState().frames.map(({ id }) => id));
  const onScreen = series.frames[frameIndex];
  const index =
    onScreen && !collected.has(frameId(onScreen))
      ? frameIndex
      : chooseNext(
          series,
          collected,
          series.frames.map(() => null),
          frameIndex,
        );
  const frame = index === undefined ? undefined : series.frames[index];
  // With every frame collected there is none to watch.
  return frame && seeFrame(frame);
}
