import { SaltError } from '../../protocol/errors.ts';
import { groupOf, itemsOf, numberOf, numbersOf, textOf } from './naturalized.ts';
import type { Naturalized } from './naturalized.ts';
import { INHERITED, deidentification, lossyCompression, missingUids } from './seg-source.ts';
import type { Plane, SegSource } from './seg-source.ts';
import { patientSpacing } from './spacing.ts';

/**
 * An image of which only the attributes are known, as a viewer keeps them, as the source of a segmentation.
 *
 * @throws SaltError DICOM_INVALID when it has no identity or no size.
 */
export function sourceOfMetadata(dataset: Naturalized): SegSource {
  const uid = (keyword: string): string => textOf(dataset, keyword) ?? '';
  const identity = {
    studyInstanceUid: uid('StudyInstanceUID'),
    seriesInstanceUid: uid('SeriesInstanceUID'),
    sopInstanceUid: uid('SOPInstanceUID'),
    sopClassUid: uid('SOPClassUID'),
  };
  const width = numberOf(dataset, 'Columns') ?? 0;
  const height = numberOf(dataset, 'Rows') ?? 0;
  if (missingUids(identity).length > 0 || width < 1 || height < 1) {
    throw new SaltError(
      'DICOM_INVALID',
      'The image states no UIDs or no size, so nothing can refer to it. Ask whoever runs the archive to check it.',
    );
  }
  const inherited = Object.values(INHERITED).flatMap((keyword): [string, string][] => {
    const value = textOf(dataset, keyword);
    return value === undefined ? [] : [[keyword, value]];
  });
  return {
    fileName: `the image ${identity.sopInstanceUid}`,
    width,
    height,
    frameCount: numberOf(dataset, 'NumberOfFrames') || 1,
    identity,
    inherited: {
      ...Object.fromEntries(inherited),
      ...deidentification(
        textOf(dataset, 'DeidentificationMethod'),
        itemsOf(dataset, 'DeidentificationMethodCodeSequence').map((code) => textOf(code, 'CodeMeaning')),
      ),
    },
    spacing: readSpacing(dataset),
    sliceThickness: numberOf(groupOf(dataset, 1, 'PixelMeasuresSequence') ?? dataset, 'SliceThickness'),
    frameOfReferenceUid: uid('FrameOfReferenceUID'),
    ...lossyCompression((keyword) => textOf(dataset, keyword)),
    plane: (frameNumber) => readPlane(dataset, frameNumber),
  };
}

function readSpacing(dataset: Naturalized): readonly [number, number] | undefined {
  const measures = groupOf(dataset, 1, 'PixelMeasuresSequence');
  return patientSpacing({
    pixel: (measures && numbersOf(measures, 'PixelSpacing', 2)) ?? numbersOf(dataset, 'PixelSpacing', 2),
    detector: numbersOf(dataset, 'ImagerPixelSpacing', 2),
    magnification: numberOf(dataset, 'EstimatedRadiographicMagnificationFactor'),
    toDetector: numberOf(dataset, 'DistanceSourceToDetector'),
    toPatient: numberOf(dataset, 'DistanceSourceToPatient'),
  });
}

function readPlane(dataset: Naturalized, frameNumber: number): Plane | undefined {
  const positions = groupOf(dataset, frameNumber, 'PlanePositionSequence') ?? dataset;
  const orientations = groupOf(dataset, frameNumber, 'PlaneOrientationSequence') ?? dataset;
  const position = numbersOf(positions, 'ImagePositionPatient', 3);
  const orientation = numbersOf(orientations, 'ImageOrientationPatient', 6);
  return position && orientation && { position, orientation };
}
