/** Files that are not quite as the standard has them, or use what few do, and are read all the same. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { items, text } from '../../src/imaging/dicom/data-set.ts';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import type { DicomFile } from '../../src/imaging/dicom/dicom-file.ts';
import { encodeSeg } from '../../src/imaging/dicom/seg-write.ts';
import { sourceOfFile } from '../../src/imaging/dicom/seg-source-file.ts';
import { sourceOfMetadata } from '../../src/imaging/dicom/seg-source-metadata.ts';
import { sourceAttributes } from '../../src/imaging/dicom/source-attributes.ts';
import { readHeader } from '../../src/server/dicom/read-header.ts';
import { temporaryFolder } from '../server/studies.ts';
import { words, writeImage } from './dicom-writer.ts';
import type { Elements, ImageOptions } from './dicom-writer.ts';

const SIZE = { rows: 2, columns: 4 };
const GREY = Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70);

const open = (options: Partial<ImageOptions> = {}): Promise<DicomFile> =>
  decodeDicom(writeImage({ ...SIZE, pixels: GREY, ...options }), 'found.dcm');
const greys = async (options: Partial<ImageOptions>): Promise<number[]> =>
  Array.from((await (await open(options)).frame(1)).pixels, Math.round);

describe('DICOM files as they are found', () => {
  it('have 64-bit values, private or within sequences', async () => {
    const eight = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const extra: Elements = [
      ['00090010', 'LO', 'MAKER'],
      ['00091001', 'UV', eight],
      ['00091002', 'SV', eight],
      ['00091003', 'OV', eight],
      ['00091004', 'SQ', [[['00091001', 'UV', eight]], [['00080100', 'SH', 'OV']]]],
      ['00100010', 'PN', 'After^All'],
    ];
    for (const transferSyntax of ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99']) {
      const file = await open({ extra, transferSyntax });
      assert.equal(text(file.dataSet, 'x00100010'), 'After^All');
      assert.deepEqual(Array.from((await file.frame(1)).pixels), [...GREY]);
      const path = join(temporaryFolder(), 'found.dcm');
      writeFileSync(path, writeImage({ ...SIZE, pixels: GREY, extra, transferSyntax }));
      assert.ok((await readHeader(path, 'found.dcm'))?.dataSet.elements['x7fe00010']);
    }
  });

  it('keep values that look like 64-bit ones', async () => {
    // "OV" and zeros among the pixels, and as the length of an element in implicit representation.
    const pixels = Uint8Array.of(0x4f, 0x56, 0, 0, 0x55, 0x56, 0, 0);
    assert.deepEqual(await greys({ pixels }), [...pixels]);
    const long = 'x'.repeat(0x564e);
    const extra: Elements = [['00204000', 'LT', long]];
    assert.deepEqual(await greys({ extra, transferSyntax: '1.2.840.10008.1.2' }), [...GREY]);
  });

  it('declare no frame where there is one', async () => {
    assert.equal((await open({ frames: 0 })).frameCount, 1);
    await assert.rejects(open({ frames: 0, pixels: GREY.subarray(0, 4) }), { code: 'DICOM_INVALID' });
  });

  it('call 4:2:2 what has chroma for every pixel', async () => {
    const colour = { samples: 3, photometric: 'YBR_FULL_422' };
    const full = Uint8Array.from(GREY, (grey) => grey).reduce<number[]>(
      (all, grey) => [...all, grey, 128, 128],
      [],
    );
    const half = [0, 10, 128, 128, 20, 30, 128, 128, 40, 50, 128, 128, 60, 70, 128, 128];
    const expected = Array.from(GREY).flatMap((grey) => [grey, grey, grey]);
    assert.deepEqual(await greys({ ...colour, pixels: Uint8Array.from(full) }), expected);
    assert.deepEqual(await greys({ ...colour, pixels: Uint8Array.from(half) }), expected);
  });

  it('have grey values replaced by tables, for display', async () => {
    const table = (tag: string, entries: number[]): Elements[number] => [
      tag,
      'SQ',
      [
        [
          ['00283002', 'US', [entries.length, 10, 16]],
          ['00283006', 'OW', words(entries)],
        ],
      ],
    ];
    // Values from 10 to 70: inverted, both ends held.
    const inverting = Array.from({ length: 61 }, (_, i) => 600 - i * 10);
    const inverted = [255, 255, 213, 170, 128, 85, 43, 0];
    const modality: Elements = [
      table('00283000', inverting),
      ['00281050', 'DS', '300.5'],
      ['00281051', 'DS', '601'],
    ];
    assert.deepEqual(await greys({ extra: [['00080060', 'CS', 'DX'], ...modality] }), inverted);
    // Of X-ray angiograms it is for measuring (PS3.4 N.2.5).
    assert.notDeepEqual(await greys({ extra: modality }), inverted);
    assert.deepEqual(await greys({ extra: [table('00283010', inverting)] }), inverted);
    const short: Elements = [
      [
        '00283010',
        'SQ',
        [
          [
            ['00283002', 'US', [600, 0, 16]],
            ['00283006', 'OW', words([1, 2])],
          ],
        ],
      ],
    ];
    await assert.rejects(greys({ extra: short }), { code: 'DICOM_INVALID', message: /table is too short/u });
  });
});

describe('what a segmentation takes from its image', () => {
  it('is the slice thickness where enhanced images keep it, with the spacing', async () => {
    const measures: Elements = [
      ['00180050', 'DS', '0.05'],
      ['00280030', 'DS', '0.01\\0.02'],
    ];
    const enhanced = await open({ extra: [['52009229', 'SQ', [[['00289110', 'SQ', [measures]]]]]] });
    const { sliceThickness, spacing } = sourceOfFile(enhanced);
    assert.deepEqual([sliceThickness, spacing], [0.05, [0.01, 0.02]]);
    const group = { PixelSpacing: [0.01, 0.02], SliceThickness: 0.05 };
    const metadata = {
      ...{ SOPClassUID: '1', SOPInstanceUID: '2', StudyInstanceUID: '3', SeriesInstanceUID: '4' },
      ...{ Rows: 2, Columns: 4, NumberOfFrames: 0 },
      SharedFunctionalGroupsSequence: [{ PixelMeasuresSequence: [group] }],
    };
    const source = sourceOfMetadata(metadata);
    assert.deepEqual([source.sliceThickness, source.frameCount], [0.05, 1]);
    assert.equal(sourceAttributes(metadata, 1)['SliceThickness'], '0.05');
  });

  it('is how it was de-identified, in words also where it says so in codes', async () => {
    const codes: Elements[] = ['Basic Application Confidentiality Profile', 'Clean Descriptors Option'].map(
      (meaning) => [['00080104', 'LO', meaning]],
    );
    const extra: Elements = [
      ['00120062', 'CS', 'YES'],
      ['00120064', 'SQ', codes],
    ];
    const source = sourceOfFile(await open({ extra }));
    const method = 'Basic Application Confidentiality Profile\\Clean Descriptors Option';
    assert.equal(source.inherited.DeidentificationMethod, method);
    const own: Elements = [...extra, ['00120063', 'LO', 'by hand']];
    assert.equal(sourceOfFile(await open({ extra: own })).inherited.DeidentificationMethod, 'by hand');
    const metadata = {
      ...{ SOPClassUID: '1', SOPInstanceUID: '2', StudyInstanceUID: '3', SeriesInstanceUID: '4' },
      ...{ Rows: 2, Columns: 4, PatientIdentityRemoved: 'YES' },
      DeidentificationMethodCodeSequence: method.split('\\').map((CodeMeaning) => ({ CodeMeaning })),
    };
    assert.equal(sourceOfMetadata(metadata).inherited.DeidentificationMethod, method);
  });

  it('beside words that stay single values of at most 64 characters', async () => {
    const source = await open();
    const mask = { width: 4, height: 2, data: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 1) };
    const label = async (word: string) => {
      const bytes = await encodeSeg({
        segments: [{ label: word, algorithmType: 'MANUAL' }],
        frames: [{ source, frameNumber: 1, masks: [mask] }],
        seriesDescription: word,
        softwareVersion: '0',
      });
      const { dataSet } = await decodeDicom(bytes, 'seg.dcm');
      const [segment] = items(dataSet, 'x00620002');
      assert.ok(segment);
      return [text(segment, 'x00620005'), text(dataSet, 'x0008103e')];
    };
    assert.deepEqual(await label('RCA\\LCA'), ['RCA/LCA', 'RCA/LCA']);
    const heart = '\u{1FAC0}';
    assert.deepEqual(await label('x'.repeat(63) + heart + heart), Array(2).fill('x'.repeat(63) + heart));
  });
});
