import { frameId } from '../store/collected-frame.ts';
import type { PlaceState } from '../store/state.ts';
import { isAsCollected, uncollectedFrames } from './collecting.ts';
import { patch } from './context.ts';
import { countPixels } from './masks.ts';
import type { Parts } from './parts.ts';
import { segmentOf } from './working.ts';

/** Milliseconds in which changes of the viewer are gathered: a brush stroke brings many. */
const GATHER = 120;

/** Keeps `state.place` as the viewer is. @returns what ends it */
export function followViewer(parts: Parts): { readonly refresh: () => void; readonly stop: () => void } {
  const { viewer, store } = parts;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const read = (): void => {
    timer = undefined;
    patch(parts, { place: readPlace(parts), openSeries: viewer.series().length });
  };
  const refresh = (): void => {
    timer ??= setTimeout(() => {
      try {
        read();
      } catch (error) {
        // The viewer is between two studies; it will tell of the next change.
        console.warn('SALT could not read the viewer', error);
      }
    }, GATHER);
  };

  const stops = [
    viewer.onActiveChange(refresh),
    viewer.onMaskChange((segmentationId) => {
      const { saved } = store.getState();
      if (saved?.segmentationId === segmentationId && !saved.stale) {
        patch(parts, { saved: { ...saved, stale: true } });
      }
      refresh();
    }),
  ];
  refresh();
  return {
    refresh,
    stop() {
      clearTimeout(timer);
      for (const stop of stops) stop();
    },
  };
}

/** What the active viewport shows and what is painted there. */
function readPlace(parts: Parts): PlaceState | undefined {
  const { viewer, store, working, results, machine } = parts;
  const place = viewer.active();
  const frame = place?.series.frames[place.frameIndex];
  if (!place || !frame) return undefined;
  const { series, frameIndex } = place;
  const { settings, frames, segmenting, place: earlier } = store.getState();
  const segmentation = working.current(series.id);
  if (segmentation) machine.watch(segmentation, frame);
  const id = frameId(frame);
  const collected = frames.find((candidate) => candidate.id === id);
  const uncertainty = segmentation
    ? series.frames.map((ref) => results.find(segmentation.id, ref)?.uncertainty ?? null)
    : [];
  const isSegmented = uncertainty.some((value) => value !== null);
  // While frames come in one by one, looking through all of them after each would take ever longer.
  const count = (): number => (segmentation ? uncollectedFrames(parts, segmentation).length : 0);
  const uncollected = segmenting.status === 'running' ? (earlier?.uncollected ?? 0) : count();
  return {
    series,
    frameIndex,
    frame,
    frameId: id,
    segmentation,
    choices: viewer.segmentations(series.id),
    painted: settings.words.map((word) => {
      const segment = segmentOf(segmentation, word);
      const mask = segmentation && segment && viewer.readMask(segmentation.id, segment.index, frame);
      return { word, pixels: countPixels(mask) };
    }),
    changed:
      collected !== undefined && segmentation !== undefined && !isAsCollected(parts, segmentation, collected),
    uncollected,
    uncertainty: isSegmented ? uncertainty : undefined,
    rethreshold: isSegmented,
  };
}
