import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { KNOWN_PROPERTIES, propertyOf } from '../../src/imaging/dicom/code.ts';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { readSeg } from '../../src/imaging/dicom/seg-read.ts';
import { encodeSeg } from '../../src/imaging/dicom/seg-write.ts';
import type { Mask } from '../../src/imaging/frame.ts';
import { writeImage } from './dicom-writer.ts';
import type { Elements, ImageOptions } from './dicom-writer.ts';

const source = (frames: number, rows: number, columns: number, more: Partial<ImageOptions> = {}) =>
  decodeDicom(
    writeImage({ rows, columns, frames, pixels: new Uint8Array(rows * columns * frames), ...more }),
    'source.dcm',
  );
const vein = {
  label: 'Vein',
  algorithmType: 'AUTOMATIC',
  algorithm: { name: 'salt', version: '1' },
} as const;
const artery = { label: 'Artery', algorithmType: 'MANUAL' } as const;
const about = { seriesDescription: 'test', softwareVersion: '0.0.0' };
const drawing = (width: number, height: number, value: (i: number) => boolean): Mask => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, i) => (value(i) ? 1 : 0)),
});

describe('encodeSeg', () => {
  it('writes masks that come back pixel for pixel, on the frames they were drawn on', async () => {
    const shape = fc.record({
      columns: fc.integer({ min: 1, max: 13 }),
      rows: fc.integer({ min: 1, max: 13 }),
      frames: fc.integer({ min: 1, max: 5 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ columns, rows, frames, seed }) => {
        const file = await source(frames, rows, columns);
        const noise = (frame: number, segment: number) =>
          drawing(
            columns,
            rows,
            (i) => Math.imul(i + 7 * frame + 31 * segment + seed, 2654435761) >>> 31 === 1,
          );
        const input = Array.from({ length: frames }, (_, i) => ({
          source: file,
          frameNumber: frames - i,
          masks: [noise(frames - i, 1), noise(frames - i, 2)],
        }));
        const bytes = await encodeSeg({ segments: [vein, artery], frames: input, ...about });
        const seg = readSeg(await decodeDicom(bytes, 'seg.dcm'));
        assert.equal(seg.frames.length, frames * 2);
        for (const { segment, references, mask } of seg.frames) {
          const [reference, ...others] = references;
          assert.equal(others.length, 0);
          assert.equal(reference?.sopInstanceUid, '1.2.3.4');
          // A single-frame image is referred to as a whole.
          const frame = frames === 1 ? 1 : (reference.frameNumbers?.[0] ?? 0);
          assert.deepEqual(await mask(), noise(frame, segment));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('keeps words of any language', async () => {
    const bytes = await encodeSeg({
      segments: [{ label: 'Gefäß · 血管', algorithmType: 'MANUAL' }],
      frames: [{ source: await source(1, 4, 4), frameNumber: 1, masks: [drawing(4, 4, (i) => i === 5)] }],
      ...about,
    });
    const { segments } = readSeg(await decodeDicom(bytes, 'seg.dcm'));
    assert.equal(segments[0]?.label, 'Gefäß · 血管');
  });

  it('says what each segment is and who drew it', async () => {
    const file = await source(1, 4, 4);
    const mask = drawing(4, 4, (i) => i === 5);
    const bytes = await encodeSeg({
      segments: [{ ...vein, colour: [255, 0, 0] }, artery],
      frames: [{ source: file, frameNumber: 1, masks: [mask, undefined] }],
      ...about,
    });
    const dicom = await decodeDicom(bytes, 'seg.dcm');
    const items = dicom.dataSet.elements['x00620002']?.items ?? [];
    const colours = items.map(({ dataSet }) => [0, 1, 2].map((i) => dataSet?.uint16('x0062000d', i) ?? NaN));
    // sRGB's red has L* 53.24, a* 80.09 and b* 67.20: of 100, and of 255 from -128.
    const red = [(53.24 / 100) * 65535, ((80.09 + 128) / 255) * 65535, ((67.2 + 128) / 255) * 65535];
    red.forEach((value, i) => assert.ok(Math.abs((colours[0]?.[i] ?? NaN) - value) < 30, String(colours[0])));
    assert.notDeepEqual(colours[1], colours[0], 'each segment has a colour');
    const seg = readSeg(dicom);
    assert.deepEqual(seg.segments[0], {
      number: 1,
      label: 'Vein',
      category: { value: '91723000', scheme: 'SCT', meaning: 'Anatomical Structure' },
      type: { value: '29092000', scheme: 'SCT', meaning: 'Vein' },
      algorithmType: 'AUTOMATIC',
      algorithmName: 'salt',
    });
    assert.equal(seg.segments[1]?.algorithmType, 'MANUAL');
    assert.equal(seg.frames.length, 1);
    assert.equal(dicom.identity.patientId, 'P1');
    assert.equal(dicom.identity.studyInstanceUid, file.identity.studyInstanceUid);
    assert.notEqual(dicom.identity.seriesInstanceUid, file.identity.seriesInstanceUid);
    assert.equal(dicom.identity.modality, 'SEG');
  });

  it('keeps an empty mask: looked for, not there', async () => {
    const file = await source(2, 3, 3);
    const frames = [{ source: file, frameNumber: 2, masks: [drawing(3, 3, () => false)] }];
    const seg = readSeg(
      await decodeDicom(await encodeSeg({ segments: [vein], frames, ...about }), 'seg.dcm'),
    );
    assert.deepEqual(seg.frames[0]?.references, [{ sopInstanceUid: '1.2.3.4', frameNumbers: [2] }]);
    assert.deepEqual((await seg.frames[0].mask()).data, new Uint8Array(9));
  });

  it('covers several images of a study', async () => {
    const one = await source(1, 3, 3, { sopInstanceUid: '1.1' });
    const two = await source(1, 3, 3, { sopInstanceUid: '1.2' });
    const frames = [two, one].map((file, i) => ({
      source: file,
      frameNumber: 1,
      masks: [drawing(3, 3, (p) => p === i)],
    }));
    const seg = readSeg(
      await decodeDicom(await encodeSeg({ segments: [vein], frames, ...about }), 'seg.dcm'),
    );
    assert.deepEqual(
      seg.frames.map(({ references }) => references[0]?.sopInstanceUid),
      ['1.2', '1.1'],
    );
  });

  it('refuses what does not fit together', async () => {
    const file = await source(2, 3, 3);
    const other = await source(2, 3, 3, { studyInstanceUid: '9.9' });
    const mask = drawing(3, 3, () => true);
    const rejects = (frames: Parameters<typeof encodeSeg>[0]['frames'], message: RegExp) =>
      assert.rejects(encodeSeg({ segments: [vein], frames, ...about }), {
        code: 'INVALID_ARGUMENT',
        message,
      });
    await rejects([], /at least one segment and one frame/);
    await rejects([{ source: file, frameNumber: 1, masks: [] }], /a mask for each of its 1 segments/);
    await rejects([{ source: file, frameNumber: 3, masks: [mask] }], /frame 3 of source\.dcm, which has 2/);
    await rejects([{ source: file, frameNumber: 1, masks: [drawing(2, 3, () => true)] }], /3 x 3, not 2 x 3/);
    await rejects([{ source: file, frameNumber: 1, masks: [undefined] }], /at least one mask/);
    await rejects(
      [
        { source: file, frameNumber: 1, masks: [mask] },
        { source: other, frameNumber: 1, masks: [mask] },
      ],
      /two studies/,
    );
  });
});

describe('readSeg', () => {
  const reference = (uid: string, frame?: string): Elements => [
    [
      '00082112',
      'SQ',
      [[['00081155', 'UI', uid], ...(frame === undefined ? [] : ([['00081160', 'IS', frame]] as const))]],
    ],
  ];
  const written = (
    options: Partial<ImageOptions>,
    sopClass: string,
    kind: string,
    perFrame: Elements[],
    extra: Elements = [],
  ) =>
    decodeDicom(
      writeImage({
        rows: 1,
        columns: 4,
        frames: perFrame.length,
        ...options,
        extra: [
          ['00080016', 'UI', sopClass],
          ['00620001', 'CS', kind],
          [
            '00620002',
            'SQ',
            [
              [
                ['00620004', 'US', 1],
                ['00620005', 'LO', 'Vein'],
              ],
              [
                ['00620004', 'US', 2],
                ['00620005', 'LO', 'Artery'],
              ],
            ],
          ],
          ['52009230', 'SQ', perFrame],
          ...extra,
        ],
      }),
      'seg.dcm',
    ).then(readSeg);
  const LABELMAP = '1.2.840.10008.5.1.4.1.1.66.7';
  const SEGMENTATION = '1.2.840.10008.5.1.4.1.1.66.4';

  it('takes a labelmap apart, segment by segment', async () => {
    const perFrame: Elements[] = [[['00089124', 'SQ', [reference('1.5', '3')]]]];
    const seg = await written({ pixels: Uint8Array.of(0, 1, 2, 1) }, LABELMAP, 'LABELMAP', perFrame);
    const masks = await Promise.all(
      seg.frames.map(async ({ segment, mask }) => [segment, ...(await mask()).data]),
    );
    assert.deepEqual(masks, [
      [1, 0, 1, 0, 1],
      [2, 0, 0, 1, 0],
    ]);
    assert.deepEqual(seg.frames[0]?.references, [{ sopInstanceUid: '1.5', frameNumbers: [3] }]);
  });

  it('cuts fractional values at half of their maximum', async () => {
    const identification = (number: number): Elements[number] => [
      '0062000a',
      'SQ',
      [[['0062000b', 'US', number]]],
    ];
    const perFrame: Elements[] = [[identification(2), ['00089124', 'SQ', [reference('1.5')]]]];
    const seg = await written(
      { pixels: Uint8Array.of(0, 99, 100, 200) },
      SEGMENTATION,
      'FRACTIONAL',
      perFrame,
      [['0062000e', 'US', 200]],
    );
    assert.equal(seg.frames[0]?.segment, 2);
    assert.deepEqual([...(await seg.frames[0].mask()).data], [0, 0, 1, 1]);
    assert.deepEqual(seg.frames[0].references, [{ sopInstanceUid: '1.5' }]);
  });

  it('goes by references, several frames at once too, and by Referenced Image where there is no derivation', async () => {
    const perFrame: Elements[] = [
      [['00089124', 'SQ', [reference('1.5', '4\\2')]]],
      [
        [
          '00081140',
          'SQ',
          [
            [
              ['00081155', 'UI', '1.6'],
              ['00081160', 'IS', '1'],
            ],
          ],
        ],
      ],
      [],
    ];
    const seg = await written({ pixels: new Uint8Array(12) }, SEGMENTATION, 'FRACTIONAL', perFrame);
    assert.deepEqual(
      seg.frames.map(({ references }) => references),
      [[{ sopInstanceUid: '1.5', frameNumbers: [4, 2] }], [{ sopInstanceUid: '1.6', frameNumbers: [1] }], []],
    );
  });

  it('refuses a file that is no segmentation', async () => {
    const file = await source(1, 2, 2);
    assert.throws(() => readSeg(file), { code: 'DICOM_UNSUPPORTED', message: /not a DICOM segmentation/ });
  });
});

describe('codes', () => {
  it('are found for words in any number and case, and are general for others', () => {
    assert.equal(propertyOf('veins').type.value, '29092000');
    assert.equal(propertyOf(' Arteries').type.value, '51114001');
    assert.equal(propertyOf('Blood vessels').type.value, '59820001');
    assert.equal(propertyOf('constructor').type.meaning, 'Anatomical Structure');
    assert.equal(propertyOf('guide wire').type.value, '91723000');
    assert.equal(propertyOf('Katheter').type.meaning, 'Catheter');
    assert.equal(propertyOf('Retinal vessels').type.value, '59820001');
    const values = KNOWN_PROPERTIES.map(({ type }) => type.value);
    assert.equal(new Set(values).size, values.length);
  });
});
