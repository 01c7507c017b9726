/**
 * What a viewer needs of this room: segmentations written from the attributes that it keeps of an image. Import it
 * dynamically: the writer behind it is large.
 */
import type { EncodedSeg, SegInput } from './dicom/seg-input.ts';
import type { Naturalized } from './dicom/naturalized.ts';
import { writeSeg } from './dicom/seg-part10.ts';
import { sourceOfMetadata } from './dicom/seg-source-metadata.ts';

/**
 * Writes a binary DICOM segmentation of images of which only the attributes are known, by keyword, as dcmjs
 * naturalizes them. Attributes of one image are read once, however many of its frames there are.
 *
 * @throws SaltError DICOM_INVALID for an image without identity or size; INVALID_ARGUMENT when there is nothing to
 *   write or masks, sizes or studies do not fit together.
 */
export async function encodeSegFromMetadata(input: SegInput<Naturalized>): Promise<EncodedSeg> {
  const sources = new Map(
    [...new Set(input.frames.map(({ source }) => source))].map((dataset) => [
      dataset,
      sourceOfMetadata(dataset),
    ]),
  );
  const frames = input.frames.flatMap(({ source, ...frame }) => {
    const known = sources.get(source);
    return known ? [{ ...frame, source: known }] : [];
  });
  return writeSeg({ ...input, frames });
}

export type { EncodedSeg, Naturalized, SegInput };
