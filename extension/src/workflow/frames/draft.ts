import type { BrushTool, FrameRef, MaskWrite, SegmentationInfo } from '../../host/viewer.ts';
import type { Parts } from '../masks/parts.ts';
import { announce, attempt, refusal } from '../common/context.ts';
import { currentSource, sourceName } from '../common/source.ts';
import { shownPlace } from '../common/working.ts';
import { countPixels } from '../masks/masks.ts';
import { writesOf } from '../masks/write-result.ts';

/**
 * Segments the frame on screen into the segmentation that the user works on, as one step of the viewer's undo, and
 * puts the brush in the user's hand, or the eraser where that was there last: who wipes one draft will wipe the next.
 */
export async function draftFrame(parts: Parts): Promise<void> {
  const { viewer, backend, store, strings, seeFrame, working, machine, results } = parts;
  await attempt(parts, { name: 'draft', where: 'frames', title: strings.frames.draftFailed }, async () => {
    const { series, frame } = shownPlace(parts, parts.viewer.active());
    const source = currentSource(store.getState());
    if (!source) throw refusal(strings.reasons.noWords);
    const { words } = store.getState().settings;
    const pixels = await seeFrame(frame);
    const { maps, uncertainty } = await backend.segment({ source, words, frame: pixels });
    // Read first: a new segmentation begins with its first segment in hand, which the panel may follow meanwhile.
    const { activeWord } = store.getState().settings;
    const segmentation = await working.ensure(series);
    const result = { frame, width: pixels.width, height: pixels.height, maps, uncertainty };
    const writes = writesOf(parts, segmentation, result);
    const isBeside = isPaintedBeside(parts, segmentation, writes, frame);
    await viewer.writeMasks(segmentation.id, writes);
    results.add(segmentation.id, result, source);
    machine.note(segmentation.id, frame, isBeside ? 'corrected' : 'asWritten');
    await working.handBrush(segmentation, activeWord);
    parts.refresh();
    const warning = maps.find((map) => map.warning)?.warning;
    if (warning) viewer.notify('warning', strings.frames.draft, strings.segment.warning(warning));
    const found = writes.some(({ mask }) => mask.data.includes(1));
    announce(
      parts,
      found
        ? strings.frames.drafted(sourceName(store.getState(), source))
        : strings.frames.draftedNothing(words.join(', ')),
    );
  });
}

/** Whether a person has painted segments of the frame that a draft leaves as they are. */
function isPaintedBeside(
  { viewer, machine }: Parts,
  { id, segments }: SegmentationInfo,
  writes: readonly MaskWrite[],
  frame: FrameRef,
): boolean {
  const written = new Set(writes.map(({ segmentIndex }) => segmentIndex));
  return (
    machine.isTouched(id, frame) &&
    segments.some(({ index }) => !written.has(index) && countPixels(viewer.readMask(id, index, frame)) > 0)
  );
}

/** Puts the brush or the eraser in the user's hand, loaded with the chosen word. */
export async function takeBrush(parts: Parts, tool: BrushTool): Promise<void> {
  const { viewer, strings, working, store } = parts;
  await attempt(parts, { name: 'brush', where: 'frames', title: strings.frames.brushFailed }, async () => {
    const { series } = shownPlace(parts, parts.viewer.active());
    if (!viewer.hasBrush()) throw refusal(strings.reasons.noBrush);
    const { activeWord } = store.getState().settings;
    const segmentation = await working.ensure(series);
    await working.handBrush(segmentation, activeWord, tool);
    parts.refresh();
  });
}
