import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { words, writeImage } from '../imaging/dicom-writer.ts';
import type { Elements, ImageOptions } from '../imaging/dicom-writer.ts';

/** A folder that is removed after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ohif-salt-server-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Under a root of the standard's own for examples (PS3.5 annex B). */
const ROOT = '1.2.826.0.1.3680043.10.1462';

export const CINE = {
  study: `${ROOT}.1`,
  series: `${ROOT}.1.1`,
  sop: `${ROOT}.1.1.1`,
  sopClass: '1.2.840.10008.5.1.4.1.1.12.1',
  frames: 5,
  rows: 24,
  columns: 32,
};
export const SECOND = { ...CINE, series: `${ROOT}.1.2`, sop: `${ROOT}.1.2.1`, frames: 1 };
export const FUNDUS = { ...CINE, study: `${ROOT}.2`, series: `${ROOT}.2.1`, sop: `${ROOT}.2.1.1`, frames: 1 };
export const DEEP = { ...CINE, study: `${ROOT}.3`, series: `${ROOT}.3.1`, sop: `${ROOT}.3.1.1`, frames: 3 };

/** Pixels that differ between frames and rows. */
export function pattern(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 * seed + (i >> 5)) & 0xff);
}

export const CINE_PIXELS = pattern(CINE.frames * CINE.rows * CINE.columns);
export const FUNDUS_PIXELS = pattern(FUNDUS.rows * FUNDUS.columns * 3, 3);
export const DEEP_VALUES = Uint16Array.from({ length: 3 * 24 * 32 }, (_, i) => (i * 7) % 4096);

interface Place {
  readonly study: string;
  readonly series: string;
  readonly sop: string;
}

/** An image of 24 x 32 pixels with all that a search asks for. */
export function image(place: Place, extra: Elements, options: Partial<ImageOptions> = {}): Uint8Array {
  return writeImage({
    rows: 24,
    columns: 32,
    sopInstanceUid: place.sop,
    studyInstanceUid: place.study,
    ...options,
    extra: [['0020000e', 'UI', place.series], ...extra],
  });
}

/** What both series of the first study say of it. */
const ANGIOGRAPHY: Elements = [
  ['00080005', 'CS', 'ISO_IR 100'],
  ['00080020', 'DA', '20260401'],
  ['00080030', 'TM', '093000.5'],
  ['00080050', 'SH', 'ACC1'],
  ['00081030', 'LO', 'Coronary angiography'],
  ['00100010', 'PN', 'Müller^Anna'],
  ['00100020', 'LO', 'P-100'],
  ['00100030', 'DA', '19560203'],
  ['00100040', 'CS', 'F'],
  ['00200010', 'SH', 'S1'],
];

export const cine = (): Uint8Array =>
  image(
    CINE,
    [
      ...ANGIOGRAPHY,
      ['0008103e', 'LO', 'RCA'],
      ['00200011', 'IS', '1'],
      ['00200013', 'IS', '1'],
      ['00181114', 'DS', '1.25'],
    ],
    { frames: CINE.frames, pixels: CINE_PIXELS },
  );

export const second = (): Uint8Array =>
  image(
    SECOND,
    [...ANGIOGRAPHY, ['0008103e', 'LO', 'LCA'], ['00200011', 'IS', '2'], ['00200013', 'IS', '1']],
    { pixels: pattern(24 * 32, 5) },
  );

export const fundus = (): Uint8Array =>
  image(
    FUNDUS,
    [
      ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.77.1.5.1'],
      ['00080020', 'DA', '20260615'],
      ['00080030', 'TM', '120000'],
      ['00080050', 'SH', 'ACC2'],
      ['00080060', 'CS', 'OP'],
      ['00081030', 'LO', 'Fundus'],
      ['00100010', 'PN', 'Smith^Bob'],
      ['00100020', 'LO', 'P-200'],
      ['00200011', 'IS', '1'],
      ['00200013', 'IS', '1'],
    ],
    { samples: 3, photometric: 'RGB', pixels: FUNDUS_PIXELS },
  );

/** 12 bits, in implicit little endian. */
export const deep = (): Uint8Array =>
  image(
    DEEP,
    [
      ['00080020', 'DA', '20251231'],
      ['00100010', 'PN', 'Smithers^Carl'],
      ['00100020', 'LO', 'P-300'],
      ['00200011', 'IS', '1'],
      ['00200013', 'IS', '1'],
    ],
    {
      frames: 3,
      bitsAllocated: 16,
      bitsStored: 12,
      pixels: words(DEEP_VALUES),
      transferSyntax: '1.2.840.10008.1.2',
    },
  );

/** Three studies of three patients, as a person's own folder has them. */
export function writeStudies(folder: string): void {
  mkdirSync(join(folder, 'a', 'b'), { recursive: true });
  writeFileSync(join(folder, 'a', 'b', 'IM000001'), cine());
  writeFileSync(join(folder, 'a', 'second.dcm'), second());
  writeFileSync(join(folder, 'fundus.dcm'), fundus());
  writeFileSync(join(folder, 'deep.DCM'), deep());
}
