import type { DataSet } from 'dicom-parser';
import { SaltError } from '../../protocol/errors.ts';
import { decimal, functionalGroup, items, text, uid } from './data-set.ts';
import type { DicomFile } from './dicom-file.ts';
import { INHERITED, deidentification, lossyCompression, missingUids } from './seg-source.ts';
import type { Plane, SegSource } from './seg-source.ts';
import { readSpacing } from './spacing.ts';

const LOSSY_TAGS = {
  LossyImageCompression: 'x00282110',
  LossyImageCompressionRatio: 'x00282112',
  LossyImageCompressionMethod: 'x00282114',
} as const;

/**
 * An opened DICOM file as the source of a segmentation.
 * @throws SaltError `DICOM_INVALID` when it does not state all the UIDs that it is referred to by
 */
export function sourceOfFile(file: DicomFile): SegSource {
  const { fileName, width, height, frameCount, identity, dataSet } = file;
  const missing = missingUids(identity);
  if (missing.length > 0) {
    throw new SaltError(
      'DICOM_INVALID',
      `${fileName}: no DICOM segmentation: the file states no ${missing.join(' and no ')}. Export it again from where it came.`,
      { file: fileName, missing },
    );
  }
  const inherited = Object.entries(INHERITED).flatMap(([tag, keyword]): [string, string][] => {
    const value = text(dataSet, tag);
    return value === undefined ? [] : [[keyword, value]];
  });
  return {
    fileName,
    width,
    height,
    frameCount,
    identity,
    inherited: {
      ...Object.fromEntries(inherited),
      ...deidentification(
        text(dataSet, 'x00120063'),
        items(dataSet, 'x00120064').map((code) => text(code, 'x00080104')),
      ),
    },
    spacing: readSpacing(dataSet, 1),
    sliceThickness: decimal(functionalGroup(dataSet, 1, 'x00289110') ?? dataSet, 'x00180050'),
    frameOfReferenceUid: uid(dataSet, 'x00200052'),
    ...lossyCompression((keyword) => text(dataSet, LOSSY_TAGS[keyword])),
    plane: (frameNumber) => readPlane(dataSet, frameNumber),
  };
}

function readPlane(source: DataSet, frameNumber: number): Plane | undefined {
  const positions = functionalGroup(source, frameNumber, 'x00209113') ?? source;
  const orientations = functionalGroup(source, frameNumber, 'x00209116') ?? source;
  const position = numbers(positions, 'x00200032', 3);
  const orientation = numbers(orientations, 'x00200037', 6);
  return position && orientation && { position, orientation };
}

function numbers(dataSet: DataSet, tag: string, count: number): number[] | undefined {
  const values = Array.from({ length: count }, (_, i) => decimal(dataSet, tag, i));
  return values.every((value) => value !== undefined) ? values : undefined;
}
