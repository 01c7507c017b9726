import { SaltError } from '../../../src/protocol/errors.ts';
import type { MaskPixels } from '../../../src/protocol/frames.ts';
import type { Memo } from './cornerstone-types.ts';
import type { FrameLabelmap, Labelmaps, SegmentLayer } from './labelmaps.ts';
import type { Host } from './open-host.ts';

/** The pixels of one labelmap image that a write changed. */
interface Change {
  readonly imageId: string;
  readonly pixels: Uint32Array;
  readonly before: Uint16Array;
  readonly after: Uint16Array;
}

/** One mask for one labelmap image. */
export interface LabelWrite {
  readonly labelmap: FrameLabelmap;
  readonly layer: SegmentLayer;
  readonly mask: MaskPixels;
}

/**
 * Writes masks into labelmaps, in their order: a label's pixels become the mask's. Pixels of other labels that the mask
 * claims change hands, unless their segment is locked. All of it is one step of the viewer's undo,
 * unless it is not to be undoable.
 */
export function writeLabels(
  host: Host,
  labelmaps: Labelmaps,
  segmentationId: string,
  writes: readonly LabelWrite[],
  undoable = true,
): void {
  const drafts = new Map<string, { readonly labelmap: FrameLabelmap; readonly labels: Uint16Array }>();
  for (const { labelmap, layer, mask } of writes) {
    const draft = drafts.get(labelmap.imageId) ?? { labelmap, labels: Uint16Array.from(labelmap.labels) };
    drafts.set(labelmap.imageId, draft);
    draw(draft.labels, layer, mask);
  }
  const changes = Array.from(drafts.values(), ({ labelmap, labels }) => difference(labelmap, labels)).filter(
    ({ pixels }) => pixels.length > 0,
  );
  if (changes.length === 0) return;
  const apply = (side: 'before' | 'after') => applyChanges(host, labelmaps, segmentationId, changes, side);
  apply('after');
  if (!undoable) return;
  const memo: Memo = {
    id: crypto.randomUUID(),
    operationType: 'labelmap',
    restoreMemo: (isUndo) => apply(isUndo === false ? 'after' : 'before'),
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

function difference({ imageId, labels }: FrameLabelmap, after: Uint16Array): Change {
  let count = 0;
  for (let i = 0; i < after.length; i++) if (labels[i] !== after[i]) count++;
  const pixels = new Uint32Array(count);
  for (let i = 0, n = 0; n < count; i++) if (labels[i] !== after[i]) pixels[n++] = i;
  return {
    imageId,
    pixels,
    before: Uint16Array.from(pixels, (pixel) => labels[pixel] ?? 0),
    after: Uint16Array.from(pixels, (pixel) => after[pixel] ?? 0),
  };
}

/** Undo may come after the segmentation, or a frame of it, is gone: then there is nothing to restore. */
function applyChanges(
  host: Host,
  labelmaps: Labelmaps,
  segmentationId: string,
  changes: readonly Change[],
  side: 'before' | 'after',
): void {
  const segmentation = host.services.segmentationService.getSegmentation(segmentationId);
  if (!segmentation) return;
  const imageIds = labelmaps.imageIds(segmentation);
  const modified: number[] = [];
  for (const change of changes) {
    const labelmap = labelmaps.get(change.imageId);
    if (!labelmap) continue;
    const values = change[side];
    change.pixels.forEach((pixel, n) => (labelmap.labels[pixel] = values[n] ?? 0));
    labelmap.voxels.setScalarData(labelmap.labels);
    const index = imageIds.indexOf(change.imageId);
    if (index >= 0) modified.push(index);
  }
  host.tools.segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(segmentationId, modified);
}
