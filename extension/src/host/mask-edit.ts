import { SaltError } from '../../../src/protocol/errors.ts';
import type { MaskPixels } from '../../../src/protocol/frames.ts';
import { newUuid } from '../../../src/protocol/uuid.ts';
import { createBreather } from '../breather.ts';
import type { Memo } from './cornerstone-types.ts';
import type { FrameLabelmap, Labelmaps, SegmentLayer } from './labelmaps.ts';
import type { Host } from './open-host.ts';
import type { FrameRef, WriteOptions } from './viewer.ts';

/** The pixels of one labelmap image that a write changed. */
interface Change {
  readonly imageId: string;
  readonly pixels: Uint32Array;
  readonly before: Uint16Array;
  readonly after: Uint16Array;
}

/** The masks of one labelmap image, in the order in which they are drawn. */
export interface FrameWrite {
  readonly frame: FrameRef;
  /** Of the labelmap. */
  readonly imageId: string;
  readonly masks: readonly { readonly layer: SegmentLayer; readonly mask: MaskPixels }[];
}

/**
 * Writes masks into labelmaps, in their order: a label's pixels become the mask's. Pixels of other labels that the mask
 * claims change hands, unless their segment is locked. All of it is one step of the viewer's undo,
 * unless it is not to be undoable. Each frame is written in one go; between frames the viewer draws and takes input.
 */
export async function writeLabels(
  host: Host,
  labelmaps: Labelmaps,
  segmentationId: string,
  writes: readonly FrameWrite[],
  { undoable = true, unless, onWritten }: WriteOptions = {},
): Promise<void> {
  const breathe = createBreather();
  const changes: Change[] = [];
  let untold: Change[] = [];
  const tell = (): void => {
    tellOf(host, labelmaps, segmentationId, untold);
    untold = [];
  };
  for (const [index, { frame, imageId, masks }] of writes.entries()) {
    const labelmap = labelmaps.get(imageId);
    if (!labelmap || unless?.(frame) === true) continue;
    const labels = new Uint16Array(labelmap.labels);
    for (const { layer, mask } of masks) draw(labels, layer, mask);
    const change = difference(labelmap, labels);
    if (change.pixels.length > 0) {
      apply(labelmap, change, 'after');
      changes.push(change);
      untold.push(change);
    }
    onWritten?.(frame);
    const rest = index < writes.length - 1 ? breathe() : undefined;
    if (!rest) continue;
    tell();
    await rest;
  }
  tell();
  if (changes.length === 0 || !undoable) return;
  const memo: Memo = {
    id: newUuid(),
    operationType: 'labelmap',
    restoreMemo: (isUndo) =>
      restore(host, labelmaps, segmentationId, changes, isUndo === false ? 'after' : 'before'),
  };
  host.core.utilities.HistoryMemo.DefaultHistoryMemo.push(memo);
}

/** @throws SaltError INVALID_ARGUMENT when the mask is of another size. */
export function expectSize({ width, height }: FrameLabelmap, mask: MaskPixels): void {
  if (mask.width === width && mask.height === height && mask.data.length === width * height) return;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `A mask of ${mask.width} x ${mask.height} does not fit a frame of ${width} x ${height}.`,
  );
}

function draw(labels: Uint16Array, { label, locked }: SegmentLayer, { data }: MaskPixels): void {
  for (let i = 0; i < labels.length; i++) {
    const current = labels[i] ?? 0;
    if (data[i]) {
      if (current === 0 || !locked.has(current)) labels[i] = label;
    } else if (current === label) labels[i] = 0;
  }
}

function difference({ imageId, labels }: FrameLabelmap, drawn: Uint16Array): Change {
  let count = 0;
  for (let i = 0; i < drawn.length; i++) if (labels[i] !== drawn[i]) count++;
  const [pixels, before, after] = [new Uint32Array(count), new Uint16Array(count), new Uint16Array(count)];
  for (let i = 0, n = 0; n < count; i++) {
    if (labels[i] === drawn[i]) continue;
    pixels[n] = i;
    before[n] = labels[i] ?? 0;
    after[n] = drawn[i] ?? 0;
    n++;
  }
  return { imageId, pixels, before, after };
}

/** Undo may come after the segmentation, or a frame of it, is gone: then there is nothing to restore. */
function restore(
  host: Host,
  labelmaps: Labelmaps,
  segmentationId: string,
  changes: readonly Change[],
  side: 'before' | 'after',
): void {
  for (const change of changes) {
    const labelmap = labelmaps.get(change.imageId);
    if (labelmap) apply(labelmap, change, side);
  }
  tellOf(host, labelmaps, segmentationId, changes);
}

function apply({ labels, voxels }: FrameLabelmap, change: Change, side: 'before' | 'after'): void {
  const values = change[side];
  for (let n = 0; n < values.length; n++) labels[change.pixels[n] ?? 0] = values[n] ?? 0;
  voxels.setScalarData(labels);
}

/** Has the viewer draw what has changed. */
function tellOf(host: Host, labelmaps: Labelmaps, segmentationId: string, changes: readonly Change[]): void {
  const segmentation = host.services.segmentationService.getSegmentation(segmentationId);
  if (!segmentation || changes.length === 0) return;
  const imageIds = labelmaps.imageIds(segmentation);
  const modified = changes.map(({ imageId }) => imageIds.indexOf(imageId)).filter((index) => index >= 0);
  host.tools.segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(segmentationId, modified);
}
