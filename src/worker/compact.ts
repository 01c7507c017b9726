/** Pixels ready to be sent: a view of a larger buffer would take all of that along. */
import type { SegmentRequest } from '../protocol/backend.ts';
import type { Annotation, FramePixels, MaskPixels } from '../protocol/frames.ts';

export function compactFrame(frame: FramePixels): FramePixels {
  const { values, background } = frame;
  return { ...frame, values: compacted(values), ...(background && { background: compacted(background) }) };
}

export function compactRequest({ frame, beside, ...request }: SegmentRequest): SegmentRequest {
  return { ...request, frame: compactFrame(frame), ...(beside && { beside: beside.map(compactFrame) }) };
}

export function compactAnnotation(annotation: Annotation): Annotation {
  const masks = annotation.masks.map(({ word, mask }) => ({ word, mask: compactMask(mask) }));
  return { ...annotation, frame: compactFrame(annotation.frame), masks };
}

function compactMask(mask: MaskPixels): MaskPixels {
  return { ...mask, data: compacted(mask.data) };
}

/** Shared memory is copied, too: it could change on its way. */
function compacted<T extends FramePixels['values']>(values: T): T {
  const whole = values.buffer instanceof ArrayBuffer && values.byteLength === values.buffer.byteLength;
  return whole ? values : (values.slice() as T);
}
