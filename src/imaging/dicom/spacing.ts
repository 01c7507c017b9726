import type { DataSet } from 'dicom-parser';
import { decimal, functionalGroup } from './data-set.ts';

/**
 * Distance between pixel centres in the patient, in mm, [row, column]: Pixel Spacing where there is one; for
 * projections the spacing at the detector over the magnification, where the file states it or the distances that
 * give it (PS3.3 10.7). Spacing at the detector alone is not a distance in the patient and is left out.
 */
export function readSpacing(dataSet: DataSet, frameNumber: number): readonly [number, number] | undefined {
  const measures = functionalGroup(dataSet, frameNumber, 'x00289110');
  const spacing = (measures && pair(measures, 'x00280030')) ?? pair(dataSet, 'x00280030');
  if (spacing) return spacing;
  const detector = pair(dataSet, 'x00181164');
  const magnification = readMagnification(dataSet);
  if (!detector || magnification === undefined) return undefined;
  return [detector[0] / magnification, detector[1] / magnification];
}

function pair(dataSet: DataSet, tag: string): [number, number] | undefined {
  const row = decimal(dataSet, tag, 0);
  const column = decimal(dataSet, tag, 1);
  return row !== undefined && column !== undefined && row > 0 && column > 0 ? [row, column] : undefined;
}

function readMagnification(dataSet: DataSet): number | undefined {
  const stated = decimal(dataSet, 'x00181114');
  if (stated !== undefined && stated >= 1) return stated;
  const toDetector = decimal(dataSet, 'x00181110');
  const toPatient = decimal(dataSet, 'x00181111');
  if (toDetector === undefined || toPatient === undefined || toPatient <= 0) return undefined;
  return toDetector >= toPatient ? toDetector / toPatient : undefined;
}
