import { segmentColour } from '../../../src/protocol/segment-colours.ts';
import type { SegmentationInfo } from '../host/viewer.ts';
import { frameId } from '../store/collected-frame.ts';
import type { PlaceState } from '../store/state.ts';
import { isAsCollected, uncollectedFrames } from './frames/collecting.ts';
import { patch, patchSettings } from './common/context.ts';
import { countPixels } from './masks/masks.ts';
import type { Parts } from './masks/parts.ts';
import { unsavedOn } from './frames/unsaved-masks.ts';
import { fold, segmentOf, wordOf } from './common/working.ts';

/** Milliseconds in which changes of the viewer are gathered: a brush stroke brings many. */
const GATHER = 120;
/** Milliseconds after the last change of a mask until all frames are looked through, which would hold up a stroke. */
const SETTLED = 400;

/** Keeps `state.place` as the viewer is. @returns what ends it */
export function followViewer(parts: Parts): { readonly refresh: () => void; readonly stop: () => void } {
  const { viewer, store } = parts;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let settling: ReturnType<typeof setTimeout> | undefined;
  /** Whether anything may have changed but what is on screen: who scrolls does not wait for a look through all frames. */
  let recount = true;

  let edited = '';

  /**
   * The viewer keeps a segment to paint for each segmentation: who turns to another of either, in its own list or by
   * opening another series, paints that word.
   */
  const followSegment = ({ series }: PlaceState): void => {
    const painting = parts.working.painting(series.id);
    const key = painting ? `${painting.segmentationId} ${painting.segment.index}` : '';
    if (key === edited) return;
    edited = key;
    const { words, activeWord } = store.getState().settings;
    const word = painting && wordOf(words, painting.segment);
    if (word !== undefined && word !== activeWord) patchSettings(parts, { activeWord: word });
  };

  /** The panel draws a word as the viewer does: by its segment, which need not have its place on the list. */
  const followColours = (segmentation: SegmentationInfo | undefined): void => {
    const { settings, colours: before } = store.getState();
    const colours = Object.fromEntries(
      settings.words.map((word, at) => {
        const index = segmentOf(segmentation, word)?.index;
        const shown = segmentation && index !== undefined && viewer.segmentColour(segmentation.id, index);
        return [fold(word), shown || segmentColour((index ?? at + 1) - 1)];
      }),
    );
    // Pictures are drawn again only where they change.
    if (JSON.stringify(colours) !== JSON.stringify(before)) patch(parts, { colours });
  };

  const read = (): void => {
    timer = undefined;
    const place = readPlace(parts, recount);
    patch(parts, { place, openSeries: viewer.series().length });
    if (place) followSegment(place);
    followColours(place?.segmentation);
    recount = store.getState().segmenting.status === 'running';
  };
  const follow = (): void => {
    timer ??= setTimeout(() => {
      try {
        read();
      } catch (error) {
        // The viewer is between two studies; it will tell of the next change.
        console.warn('SALT could not read the viewer', error);
      }
    }, GATHER);
  };
  const refresh = (): void => {
    recount = true;
    follow();
  };

  const stops = [
    viewer.onActiveChange(follow),
    viewer.onMaskChange((segmentationId) => {
      const { saved } = store.getState();
      const own = saved[segmentationId];
      if (own && !own.stale) patch(parts, { saved: { ...saved, [segmentationId]: { ...own, stale: true } } });
      follow();
      clearTimeout(settling);
      settling = setTimeout(refresh, SETTLED);
    }),
  ];
  refresh();
  return {
    refresh,
    stop() {
      clearTimeout(timer);
      clearTimeout(settling);
      for (const stop of stops) stop();
    },
  };
}

/**
 * What the active viewport shows and what is painted there.
 * @param recount whether frames that are not on screen may have changed
 */
function readPlace(parts: Parts, recount: boolean): PlaceState | undefined {
  const { viewer, store, working, results, machine, unsaved, keeper } = parts;
  const place = viewer.active();
  const frame = place?.series.frames[place.frameIndex];
  if (!place || !frame) return undefined;
  const { series, frameIndex } = place;
  const { settings, frames, segmenting, place: earlier } = store.getState();
  const segmentation = working.current(series.id);
  if (segmentation) machine.watch(segmentation.id, frame);
  const id = frameId(frame);
  const collected = frames.find((candidate) => candidate.id === id);
  const uncertainty = segmentation
    ? series.frames.map((ref) => results.find(segmentation.id, ref)?.uncertainty ?? null)
    : [];
  const isSegmented = uncertainty.some((value) => value !== null);
  const isAsBefore = !recount && earlier?.segmentation?.id === segmentation?.id;
  const inHand = working.painting(series.id)?.segment;
  const count = (): number => (segmentation ? uncollectedFrames(parts, segmentation).length : 0);
  // While frames come in one by one, looking through all of them after each would take ever longer: once for a series will do.
  const isKnown = earlier?.series.id === series.id && (isAsBefore || segmenting.status === 'running');
  const uncollected = isKnown ? earlier.uncollected : count();
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
    paintsOther: inHand !== undefined && wordOf(settings.words, inHand) === undefined,
    changed:
      collected !== undefined && segmentation !== undefined && !isAsCollected(parts, segmentation, collected),
    uncollected,
    uncertainty: isSegmented ? uncertainty : undefined,
    rethreshold: isSegmented,
    hasBrush: viewer.hasBrush(),
    unsaved: unsavedOn(series, unsaved, keeper),
  };
}
