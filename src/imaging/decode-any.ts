import { decodeDicom } from './dicom/dicom-file.ts';
import type { DicomFile } from './dicom/dicom-file.ts';
import { isDicom } from './dicom/parse.ts';
import { decodeImage } from './files/image.ts';
import type { Frame } from './frame.ts';

/** A file of frames, whatever its format. */
export interface FrameFile {
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  /** Frame `frameNumber`, one-based. */
  frame(frameNumber: number): Promise<Frame>;
  /** Present when the file is DICOM. */
  readonly dicom?: DicomFile;
}

/**
 * Opens a DICOM or image file, told apart by content.
 *
 * @throws SaltError DICOM_INVALID, DICOM_UNSUPPORTED, IMAGE_INVALID, IMAGE_UNSUPPORTED.
 */
export async function decodeAny(bytes: Uint8Array, fileName: string): Promise<FrameFile> {
  if (isDicom(bytes)) {
    const dicom = await decodeDicom(bytes, fileName);
    const { width, height, frameCount } = dicom;
    return { fileName, width, height, frameCount, frame: (frameNumber) => dicom.frame(frameNumber), dicom };
  }
  const image = await decodeImage(bytes, fileName);
  const { width, height } = image;
  return { fileName, width, height, frameCount: 1, frame: () => Promise.resolve(image) };
}
