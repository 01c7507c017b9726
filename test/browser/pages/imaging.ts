import { decodeAny } from '../../../src/imaging/decode-any.ts';
import { encodeMaskPng, maskFromImage } from '../../../src/imaging/mask.ts';
import { decodeDicom } from '../../../src/imaging/dicom/dicom-file.ts';
import { readSeg } from '../../../src/imaging/dicom/seg-read.ts';
import { encodeSeg } from '../../../src/imaging/dicom/seg-write.ts';

export interface Arguments {
  /** Files by name, their bytes as numbers. */
  readonly files: readonly (readonly [name: string, bytes: readonly number[]])[];
  /** One of them, a DICOM image to write a segmentation of. */
  readonly source: readonly number[];
}

export interface Result {
  /** Pixels of the first frame of each file. */
  readonly pixels: readonly (readonly number[])[];
  readonly intensities: readonly string[];
  /** The mask that was written as a segmentation and read back, and the same through a PNG. */
  readonly viaSeg: readonly number[];
  readonly viaPng: readonly number[];
}

/** Decodes and encodes in a page. */
export async function main({ files, source }: Arguments): Promise<Result> {
  const frames = [];
  for (const [name, bytes] of files)
    frames.push(await (await decodeAny(Uint8Array.from(bytes), name)).frame(1));
  const image = await decodeDicom(Uint8Array.from(source), 'source.dcm');
  const { width, height } = image;
  const data = Uint8Array.from({ length: width * height }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const mask = { width, height, data };
  const seg = await encodeSeg({
    segments: [{ label: 'Vein', algorithmType: 'MANUAL' }],
    frames: [{ source: image, frameNumber: 1, masks: [mask] }],
    seriesDescription: 'test',
    softwareVersion: '0',
  });
  const back = await readSeg(await decodeDicom(seg, 'seg.dcm')).frames[0]?.mask();
  const png = await maskFromImage(encodeMaskPng(mask), 'mask.png');
  return {
    pixels: frames.map(({ pixels }) => Array.from(pixels)),
    intensities: frames.map(({ intensity }) => intensity),
    viaSeg: Array.from(back?.data ?? []),
    viaPng: Array.from(png.data),
  };
}
