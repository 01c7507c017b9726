import { refusal } from './context.ts';
import type { Context } from './context.ts';
import type { BrushTool, Place, Segment, SegmentationInfo, Series } from '../../host/viewer.ts';

interface Painting {
  readonly segmentationId: string;
  readonly segment: Segment;
}

/** Which segmentation of a series is painted into, collected from and saved. */
export interface Working {
  /** Undefined before there is any. */
  readonly current: (seriesId: string) => SegmentationInfo | undefined;
  /** The current one, made on demand, with a segment for each word. */
  readonly ensure: (series: Series) => Promise<SegmentationInfo>;
  readonly choose: (seriesId: string, segmentationId: string) => void;
  /** What the viewer's tools paint on a series; undefined before there is any segmentation. */
  readonly painting: (seriesId: string) => Painting | undefined;
  /** Makes the word what they paint. */
  readonly activate: (segmentation: SegmentationInfo, word: string) => Promise<void>;
  /** Chooses it, and lets what is in the user's hand paint into it. */
  readonly workOn: (seriesId: string, segmentationId: string) => Promise<void>;
  /**
   * Puts the brush or the eraser, loaded with the word, in the user's hand, where the mode has one: the one that was there
   * last, unless told.
   */
  readonly handBrush: (segmentation: SegmentationInfo, word: string, tool?: BrushTool) => Promise<void>;
}

export function createWorking({ viewer, store, strings, config }: Context): Working {
  const chosen = new Map<string, string>();
  let inHand: BrushTool = 'brush';

  const current = (seriesId: string): SegmentationInfo | undefined => {
    const all = viewer.segmentations(seriesId);
    const { words } = store.getState().settings;
    // One that was loaded from the archive is gone on with where it has a segment of our words; others are let be.
    const ours = all.filter((candidate) => words.some((word) => segmentOf(candidate, word)));
    const find = (id: string | undefined) => all.find((candidate) => candidate.id === id);
    const active = viewer.activeSegmentation();
    // Who turns to another in the viewer's own list paints into that one.
    return ours.find(({ id }) => id === active) ?? find(chosen.get(seriesId)) ?? ours.at(-1);
  };

  const activate: Working['activate'] = async (segmentation, word) => {
    const segment = segmentOf(segmentation, word) ?? (await viewer.ensureSegment(segmentation.id, word));
    await viewer.activateSegment(segmentation.id, segment.index);
  };

  const ensuring = new Map<string, Promise<SegmentationInfo>>();
  const findOrMake = async (series: Series): Promise<SegmentationInfo> => {
    const { words } = store.getState().settings;
    const found =
      current(series.id) ??
      (await viewer.createSegmentation(series.id, strings.frames.workingLabel(series.description), words));
    chosen.set(series.id, found.id);
    for (const word of words) if (!segmentOf(found, word)) await viewer.ensureSegment(found.id, word);
    return current(series.id) ?? found;
  };

  return {
    current,
    activate,
    painting(seriesId) {
      const active = viewer.activeSegmentation();
      const segmentation =
        viewer.segmentations(seriesId).find(({ id }) => id === active) ?? current(seriesId);
      const index = segmentation && viewer.activeSegment(segmentation.id);
      const segment = segmentation?.segments.find((candidate) => candidate.index === index);
      return segmentation && segment && { segmentationId: segmentation.id, segment };
    },
    ensure(series) {
      // In turn: of two that ask at once and find none, each would make one.
      const next = () => findOrMake(series);
      const ensured = (ensuring.get(series.id) ?? Promise.resolve()).then(next, next);
      ensuring.set(series.id, ensured);
      return ensured;
    },
    choose(seriesId, segmentationId) {
      chosen.set(seriesId, segmentationId);
    },
    async workOn(seriesId, segmentationId) {
      chosen.set(seriesId, segmentationId);
      const segmentation = viewer.segmentations(seriesId).find(({ id }) => id === segmentationId);
      const { activeWord } = store.getState().settings;
      const segment = segmentOf(segmentation, activeWord) ?? segmentation?.segments[0];
      if (segmentation && segment) await viewer.activateSegment(segmentation.id, segment.index);
    },
    async handBrush(segmentation, word, tool = inHand) {
      inHand = tool;
      await activate(segmentation, word);
      if (viewer.hasBrush()) viewer.takeBrush(tool, config.brushDiameter);
    },
  };
}

/** The segment of a word, whatever its case. */
export function segmentOf(segmentation: SegmentationInfo | undefined, word: string): Segment | undefined {
  const wanted = fold(word);
  return segmentation?.segments.find(({ label }) => fold(label) === wanted);
}

/** The word on the list that a segment is of. */
export function wordOf(words: readonly string[], { label }: Segment): string | undefined {
  return words.find((word) => fold(word) === fold(label));
}

export function fold(word: string): string {
  return word.trim().toLocaleLowerCase();
}

/**
 * @param place where the user is, or was when they asked for something
 * @throws SaltError where there was no image
 */
export function shownPlace(
  { strings }: Context,
  place: Place | undefined,
): Place & { readonly frame: Series['frames'][number] } {
  const frame = place?.series.frames[place.frameIndex];
  if (!place || !frame) throw refusal(strings.reasons.noImage);
  return { ...place, frame };
}
