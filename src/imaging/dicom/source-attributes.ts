import { groupOf, textOf } from './naturalized.ts';
import type { Naturalized } from './naturalized.ts';
import { LOSSY } from './seg-source.ts';

/** What a segmentation has to say of a frame that it was drawn on, by keyword, in DICOM's own writing; no patient. */
export type SourceAttributes = Readonly<Record<string, string>>;

const OF_THE_IMAGE = [
  'SOPClassUID',
  'NumberOfFrames',
  'ImagerPixelSpacing',
  'EstimatedRadiographicMagnificationFactor',
  'DistanceSourceToDetector',
  'DistanceSourceToPatient',
  'FrameOfReferenceUID',
  ...LOSSY,
] as const;

/** By the functional group in which an enhanced image keeps it. */
const OF_THE_FRAME = [
  ['PixelMeasuresSequence', 'PixelSpacing'],
  ['PixelMeasuresSequence', 'SliceThickness'],
  ['PlanePositionSequence', 'ImagePositionPatient'],
  ['PlaneOrientationSequence', 'ImageOrientationPatient'],
] as const;

/** @param frameNumber one-based */
export function sourceAttributes(dataset: Naturalized, frameNumber: number): SourceAttributes {
  const ofTheFrame = OF_THE_FRAME.map(
    ([group, keyword]) => [keyword, groupOf(dataset, frameNumber, group) ?? dataset] as const,
  );
  const all = [...OF_THE_IMAGE.map((keyword) => [keyword, dataset] as const), ...ofTheFrame];
  return Object.fromEntries(
    all.flatMap(([keyword, from]) => {
      const text = textOf(from, keyword);
      return text === undefined ? [] : [[keyword, text]];
    }),
  );
}
