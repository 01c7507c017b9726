import type { DicomFile } from './dicom-file.ts';
import type { SegInput } from './seg-input.ts';
import { writeSeg } from './seg-part10.ts';
import { sourceOfFile } from './seg-source-file.ts';

/**
 * Writes a binary DICOM segmentation of opened DICOM files; see `writeSeg`.
 *
 * @throws SaltError INVALID_ARGUMENT when there is nothing to write or masks, sizes or studies do not fit together.
 */
export async function encodeSeg(input: SegInput<DicomFile>): Promise<Uint8Array> {
  const frames = input.frames.map((frame) => ({ ...frame, source: sourceOfFile(frame.source) }));
  const { bytes } = await writeSeg({ ...input, frames });
  return bytes;
}
