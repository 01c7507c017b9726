import type { FrameRef, SegmentationInfo, Series } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import type { CollectedFrame } from '../../store/collected-frame.ts';
import type { SessionState } from '../../store/state.ts';
import { patch } from '../common/context.ts';
import type { Parts } from '../masks/parts.ts';
import { isModelsAsOpened } from '../masks/as-opened.ts';
import { countPixels, emptyMask, sameMask } from '../masks/masks.ts';
import { paintedPart, patched } from '../masks/painted-part.ts';
import { fold, segmentOf, wordOf } from '../common/working.ts';

/**
 * A frame with the masks of all words as they are on screen. Those of words that were taken off the list since it was collected
 * stay: as they were where the segmentation has nothing for them.
 */
export async function readFrame(
  { viewer, store, seeFrame, machine, now }: Parts,
  series: Series,
  segmentation: SegmentationInfo | undefined,
  ref: FrameRef,
): Promise<CollectedFrame> {
  const frame = await seeFrame(ref);
  const id = frameId(ref);
  const { frames, settings } = store.getState();
  const { words } = settings;
  const earlier = frames.find((collected) => collected.id === id);
  const index = series.frames.findIndex((other) => frameId(other) === id);
  // Imported frames of the study have a group, but no patient's ID.
  const ofStudy = frames.find(({ ref: other }) => other.studyInstanceUid === ref.studyInstanceUid);
  const offList = (earlier?.masks ?? []).filter(({ word }) => !isOnList(words, word));
  const drafted = earlier?.drafted ?? (segmentation && machine.isBasis(segmentation.id, ref));
  return {
    id,
    ref,
    ...(index >= 0 && { position: index + 1 }),
    seriesDescription: series.description,
    modality: series.modality,
    group: ofStudy?.group ?? (series.patientId || series.studyInstanceUid),
    frame,
    source: viewer.sourceAttributes(ref),
    masks: [...words.map((word) => ({ word, mask: undefined })), ...offList].map(({ word, mask: kept }) => {
      const segment = segmentOf(segmentation, word);
      const mask = (segmentation && segment && viewer.readMask(segmentation.id, segment.index, ref)) ?? kept;
      // A copy: the viewer's own array goes on changing.
      return {
        word,
        mask: mask ? { ...mask, data: Uint8Array.from(mask.data) } : emptyMask(frame.width, frame.height),
      };
    }),
    ...(drafted && { drafted: true }),
    ...(earlier?.paintedPartOnly && { paintedPartOnly: true }),
    ...(earlier?.chosenRole !== undefined && { chosenRole: earlier.chosenRole }),
    // A frame that is collected again keeps its place in the order, and so its role.
    collectedAt: earlier?.collectedAt ?? now().toISOString(),
  };
}

export function isOnList(words: readonly string[], word: string): boolean {
  return words.some((other) => fold(other) === fold(word));
}

/** Whether a frame on screen is one that was segmented with its series, to be corrected and accepted. */
export function isResult({ place }: Pick<SessionState, 'place'>): boolean {
  return place?.uncertainty?.every((value) => value !== null) === true;
}

/** Stores frames at once, then shows them. Frames of equal id are replaced. */
export async function keepFrames(parts: Parts, added: readonly CollectedFrame[]): Promise<void> {
  await parts.storage.put(added);
  const byId = new Map(parts.store.getState().frames.map((frame) => [frame.id, frame]));
  for (const frame of added) byId.set(frame.id, frame);
  patch(parts, { frames: inOrder([...byId.values()]) });
  parts.refresh();
}

export function inOrder(frames: readonly CollectedFrame[]): readonly CollectedFrame[] {
  return [...frames].sort(
    (a, b) => a.collectedAt.localeCompare(b.collectedAt) || a.id.localeCompare(b.id, 'en'),
  );
}

/**
 * Whether the masks on screen are those in the set. A segment that is missing counts as empty, unless its word is not looked for
 * any more; what the model drew beside the painted part counts as empty, too.
 */
export function isAsCollected(
  { viewer, machine, store }: Pick<Parts, 'viewer' | 'machine' | 'store'>,
  segmentation: SegmentationInfo,
  collected: CollectedFrame,
): boolean {
  const { ref } = collected;
  const part = machine.isAsWritten(segmentation.id, ref) ? paintedPart(collected) : undefined;
  const { words } = store.getState().settings;
  return collected.masks.every(({ word, mask }) => {
    const segment = segmentOf(segmentation, word);
    const shown = segment && viewer.readMask(segmentation.id, segment.index, ref);
    if (!shown && !isOnList(words, word)) return true;
    return sameMask(shown && part ? patched(mask, shown, part) : shown, mask);
  });
}

/** Whether all that is painted on a frame is in the set as it is on screen. */
export function isInSet(
  parts: Pick<Parts, 'viewer' | 'machine' | 'store'>,
  segmentation: SegmentationInfo,
  ref: FrameRef,
): boolean {
  const { viewer, store } = parts;
  const collected = store.getState().frames.find(({ id }) => id === frameId(ref));
  if (!collected || !isAsCollected(parts, segmentation, collected)) return false;
  const known = new Set(collected.masks.map(({ word }) => segmentOf(segmentation, word)?.index));
  return segmentation.segments.every(
    ({ index }) => known.has(index) || countPixels(viewer.readMask(segmentation.id, index, ref)) === 0,
  );
}

/** Frames of a segmentation that a person painted or corrected, and that are not in the set as they are. */
export function uncollectedFrames(parts: Parts, segmentation: SegmentationInfo): readonly FrameRef[] {
  const { viewer, store, machine } = parts;
  const { frames, settings } = store.getState();
  const { words } = settings;
  const collected = new Map(frames.map((frame) => [frame.id, frame]));
  return viewer.paintedFrames(segmentation.id).filter((ref) => {
    if (!machine.isTouched(segmentation.id, ref) || isModelsAsOpened(parts, segmentation, ref)) return false;
    const earlier = collected.get(frameId(ref));
    if (earlier) return !isAsCollected(parts, segmentation, earlier);
    // One with words off the list alone would be learnt from as showing nothing.
    return segmentation.segments.some(
      (segment) =>
        wordOf(words, segment) !== undefined &&
        countPixels(viewer.readMask(segmentation.id, segment.index, ref)) > 0,
    );
  });
}
