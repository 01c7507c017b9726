import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DataSet } from 'dicom-parser';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { readSeg } from '../../src/imaging/dicom/seg-read.ts';
import { encodeSeg } from '../../src/imaging/dicom/seg-write.ts';
import type { Mask } from '../../src/imaging/frame.ts';
import { encodeSegFromMetadata } from '../../src/imaging/seg.ts';
import { writeImage } from './dicom-writer.ts';

const rows = 5;
const columns = 7;
const mask: Mask = {
  width: columns,
  height: rows,
  data: Uint8Array.from({ length: 35 }, (_, i) => (i % 3) & 1),
};
const about = {
  segments: [{ label: 'Vein', algorithmType: 'MANUAL' }],
  seriesDescription: 'test',
  softwareVersion: '0.0.0',
} as const;

/** The same image as a file and as a viewer keeps it: values in arrays or not, numbers as text or not. */
const file = writeImage({
  rows,
  columns,
  frames: 3,
  pixels: new Uint8Array(rows * columns * 3),
  extra: [
    ['00100010', 'PN', 'Doe^Jane'],
    ['00200020', 'CS', 'L\\F'],
    ['00200052', 'UI', '1.2.9'],
    ['00200032', 'DS', '1\\2\\3.5'],
    ['00200037', 'DS', '1\\0\\0\\0\\1\\0'],
    ['00180050', 'DS', '2'],
    ['00181164', 'DS', '0.3\\0.4'],
    ['00181114', 'DS', '1.5'],
    ['00282110', 'CS', '01'],
    ['00282112', 'DS', '10\\12.5'],
    ['00282114', 'CS', 'ISO_10918_1\\ISO_15444_1'],
  ],
});
const metadata = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.12.1',
  SOPInstanceUID: '1.2.3.4',
  StudyInstanceUID: '1.2.3.1',
  SeriesInstanceUID: '1.2.3.2',
  PatientName: [{ Alphabetic: 'Doe^Jane' }],
  PatientID: 'P1',
  PatientOrientation: ['L', 'F'],
  FrameOfReferenceUID: ['1.2.9'],
  ImagePositionPatient: [1, '2', 3.5],
  ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
  SliceThickness: '2',
  ImagerPixelSpacing: [0.3, 0.4],
  EstimatedRadiographicMagnificationFactor: 1.5,
  LossyImageCompression: '01',
  LossyImageCompressionRatio: [10, '12.5'],
  LossyImageCompressionMethod: ['ISO_10918_1', 'ISO_15444_1'],
  NumberOfFrames: '3',
  Rows: rows,
  Columns: columns,
};

/**
 * Every element outside and inside sequences, but for those that are new in each file, and the length of the file's
 * meta information, which goes with that of a new UID.
 */
function elements(dataSet: DataSet, path = ''): string[] {
  const NEW = /^x(0002000[03]|00080018|0020000e|00620021|00209164|0008001[23]|0008002[13]|0008003[13])$/u;
  return Object.entries(dataSet.elements).flatMap(([tag, { items, length }]) => {
    if (items)
      return items.flatMap(({ dataSet: item }, i) => (item ? elements(item, `${path}/${tag}.${i}`) : []));
    return NEW.test(tag) ? [] : [`${path}/${tag} ${length < 200 ? (dataSet.string(tag) ?? '') : length}`];
  });
}

describe('encodeSegFromMetadata', () => {
  it('writes what is written from the file itself', async () => {
    const source = await decodeDicom(file, 'source.dcm');
    const byFile = await encodeSeg({ ...about, frames: [{ source, frameNumber: 2, masks: [mask] }] });
    const { bytes, sopInstanceUid, seriesInstanceUid } = await encodeSegFromMetadata({
      ...about,
      frames: [{ source: metadata, frameNumber: 2, masks: [mask] }],
    });
    const [expected, actual] = [await decodeDicom(byFile, 'a.dcm'), await decodeDicom(bytes, 'b.dcm')];
    assert.deepEqual(elements(actual.dataSet), elements(expected.dataSet));
    const written = (line: string): boolean => elements(actual.dataSet).some((one) => one.endsWith(line));
    assert.ok(written('x00200032 1\\2\\3.5'));
    assert.ok(written('x00282110 01') && written('x00282112 10\\12.5'));
    assert.ok(written('x00282114 ISO_10918_1\\ISO_15444_1'));
    assert.equal(actual.identity.sopInstanceUid, sopInstanceUid);
    assert.equal(actual.identity.seriesInstanceUid, seriesInstanceUid);
    assert.deepEqual(await readSeg(actual).frames[0]?.mask(), mask);
  });

  it('keeps the orientation of an image without a position, and who drew', async () => {
    const { ImagePositionPatient: _position, ...projection } = metadata;
    const { bytes } = await encodeSegFromMetadata({
      ...about,
      contentCreator: 'Roe^Richard',
      frames: [{ source: projection, frameNumber: 1, masks: [mask] }],
    });
    const { dataSet } = await decodeDicom(bytes, 'seg.dcm');
    assert.equal(dataSet.string('x00200020'), 'L\\F');
    assert.equal(dataSet.string('x00700084'), 'Roe^Richard');
    assert.equal(dataSet.string('x00200052'), undefined);
  });

  it('refuses an image that nothing could refer to', async () => {
    const { SOPInstanceUID: _uid, ...nameless } = metadata;
    await assert.rejects(
      encodeSegFromMetadata({ ...about, frames: [{ source: nameless, frameNumber: 1, masks: [mask] }] }),
      { code: 'DICOM_INVALID', message: /no UIDs or no size/ },
    );
  });
});
