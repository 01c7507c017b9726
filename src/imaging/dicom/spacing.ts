import type { DataSet } from 'dicom-parser';
import { decimal, functionalGroup } from './data-set.ts';

/** What files state of the distance between pixels; pairs are [row, column], lengths mm. */
export interface StatedSpacing {
  /** Pixel Spacing. */
  readonly pixel: readonly (number | undefined)[] | undefined;
  /** Imager Pixel Spacing. */
  readonly detector: readonly (number | undefined)[] | undefined;
  /** Estimated Radiographic Magnification Factor. */
  readonly magnification: number | undefined;
  /** From the source of the X-rays. */
  readonly toDetector: number | undefined;
  readonly toPatient: number | undefined;
}

/**
 * Distance between pixel centres in the patient, in mm, [row, column]: Pixel Spacing where there is one; for
 * projections the spacing at the detector over the magnification, where the file states it or the distances that
 * give it (PS3.3 10.7). Spacing at the detector alone is not a distance in the patient and is left out.
 */
export function patientSpacing(stated: StatedSpacing): readonly [number, number] | undefined {
  const pixel = positivePair(stated.pixel);
  if (pixel) return pixel;
  const detector = positivePair(stated.detector);
  const magnification = readMagnification(stated);
  if (!detector || magnification === undefined) return undefined;
  return [detector[0] / magnification, detector[1] / magnification];
}

/** @param frameNumber one-based. */
export function readSpacing(dataSet: DataSet, frameNumber: number): readonly [number, number] | undefined {
  const pair = (source: DataSet, tag: string) => [decimal(source, tag, 0), decimal(source, tag, 1)];
  const measures = functionalGroup(dataSet, frameNumber, 'x00289110');
  return patientSpacing({
    pixel: (measures && positivePair(pair(measures, 'x00280030'))) ?? pair(dataSet, 'x00280030'),
    detector: pair(dataSet, 'x00181164'),
    magnification: decimal(dataSet, 'x00181114'),
    toDetector: decimal(dataSet, 'x00181110'),
    toPatient: decimal(dataSet, 'x00181111'),
  });
}

function positivePair(values: StatedSpacing['pixel']): [number, number] | undefined {
  const [row = 0, column = 0] = values ?? [];
  return row > 0 && column > 0 ? [row, column] : undefined;
}

function readMagnification({ magnification, toDetector, toPatient }: StatedSpacing): number | undefined {
  if (magnification !== undefined && magnification >= 1) return magnification;
  if (toDetector === undefined || toPatient === undefined || toPatient <= 0) return undefined;
  return toDetector >= toPatient ? toDetector / toPatient : undefined;
}
