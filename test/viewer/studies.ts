import { writeImage } from '../imaging/dicom-writer.ts';
import type { Elements } from '../imaging/dicom-writer.ts';

export interface TestStudy {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
  readonly file: Uint8Array;
}

/** Under the tests' own root, so that no two studies share one. */
const ROOT = '1.2.826.0.1.3680043.8.498.1';

const text = (tag: string, vr: string, value: string): Elements[number] => [tag, vr, value];

/**
 * X-ray angiography of several frames, 8 bits: a bright field with a dark vessel that is a little lower in each frame.
 * Grey values are a function of the place, so that a test can say what any pixel must be.
 * @param run of the study, from 1; each is a series
 */
export function angiography(frames = 6, size = 128, number = 1, run = 1): TestStudy {
  const pixels = new Uint8Array(frames * size * size);
  for (let frame = 0; frame < frames; frame++) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        pixels[(frame * size + y) * size + x] = angiographyValue(frame, x, y, size);
      }
    }
  }
  const study = uidsOf(number, run);
  const file = writeImage({
    rows: size,
    columns: size,
    frames,
    pixels,
    patientId: `XA-${number}`,
    sopInstanceUid: study.sopInstanceUid,
    studyInstanceUid: study.studyInstanceUid,
    extra: [
      text('0020000e', 'UI', study.seriesInstanceUid),
      text('00080020', 'DA', '20260102'),
      text('00080030', 'TM', '101112'),
      text('00080050', 'SH', `A${number}`),
      text('00081030', 'LO', 'Test angiography'),
      text('0008103e', 'LO', `LAO ${30 * run}`),
      text('00200010', 'SH', 'S1'),
      text('00200011', 'IS', String(run)),
      text('00200013', 'IS', '1'),
      text('00281050', 'DS', '128'),
      text('00281051', 'DS', '256'),
      text('00181063', 'DS', '66'),
      text('00181164', 'DS', '0.3\\0.3'),
    ],
  });
  return { ...study, file };
}

/** The grey value of a pixel of `angiography`. */
export function angiographyValue(frame: number, x: number, y: number, size: number): number {
  const middle = size / 2 + frame * 2 + (size / 8) * Math.sin(x / 12);
  return Math.abs(y - middle) < 3 ? 60 : 170 + ((x + y) % 16);
}

function uidsOf(number: number, run: number): Omit<TestStudy, 'file'> {
  return {
    studyInstanceUid: `${ROOT}.${number}`,
    seriesInstanceUid: `${ROOT}.${number}.${run}`,
    sopInstanceUid: `${ROOT}.${number}.${run}.1`,
  };
}
