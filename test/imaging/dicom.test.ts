import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { words, writeImage } from './dicom-writer.ts';
import type { ImageOptions } from './dicom-writer.ts';

const SYNTAX = '1.2.840.10008.1.2';
const open = (options: ImageOptions) => decodeDicom(writeImage(options), 'test.dcm');
const ramp = (count: number, step = 1) => Uint8Array.from({ length: count }, (_, i) => (i * step) & 255);
const near = (actual: ArrayLike<number>, expected: readonly number[], tolerance: number) => {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) =>
    assert.ok(Math.abs((actual[i] ?? NaN) - value) <= tolerance, `${i}: ${actual[i]}, not ${value}`),
  );
};

describe('uncompressed DICOM', () => {
  it('reads 8-bit grey as stored and says so', async () => {
    const file = await open({ rows: 3, columns: 5, pixels: ramp(15, 17) });
    const frame = await file.frame(1);
    assert.deepEqual([frame.width, frame.height, frame.channels], [5, 3, 1]);
    assert.deepEqual([...frame.pixels], [...ramp(15, 17)]);
    assert.equal(frame.intensity, '8-bit values as stored');
    assert.deepEqual(frame.source, {
      file: 'test.dcm',
      frameNumber: 1,
      dicom: {
        studyInstanceUid: '1.2.3.1',
        seriesInstanceUid: '1.2.3.2',
        sopInstanceUid: '1.2.3.4',
        sopClassUid: '1.2.840.10008.5.1.4.1.1.12.1',
        modality: 'XA',
        patientId: 'P1',
      },
    });
  });

  it('reads every frame of a cine, odd sizes included', async () => {
    const file = await open({ rows: 3, columns: 3, frames: 4, pixels: ramp(36) });
    assert.equal(file.frameCount, 4);
    assert.deepEqual([...(await file.stored(3)).values], [...ramp(36).subarray(18, 27)]);
    await assert.rejects(file.frame(5), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(file.frame(0), { code: 'INVALID_ARGUMENT' });
  });

  it('reads signed values below 16 bits and drops what lies above them', async () => {
    const stored = [-2048, -1, 0, 1, 2047, 5];
    const dirty = stored.map((value) => (value & 0x0fff) | 0x5000);
    const file = await open({
      rows: 2,
      columns: 3,
      bitsAllocated: 16,
      bitsStored: 12,
      signed: true,
      pixels: words(dirty),
    });
    assert.deepEqual([...(await file.stored(1)).values], stored);
  });

  for (const [name, transferSyntax] of [
    ['implicit little endian', SYNTAX],
    ['explicit little endian', `${SYNTAX}.1`],
    ['deflated', `${SYNTAX}.1.99`],
    ['explicit big endian', `${SYNTAX}.2`],
  ] as const) {
    it(`reads ${name} the same`, async () => {
      const bigEndian = name.includes('big');
      const values = [0, 1, 256, 4095, 2, 3];
      const sixteen = await open({
        rows: 2,
        columns: 3,
        bitsAllocated: 16,
        transferSyntax,
        pixels: words(values, bigEndian),
      });
      assert.deepEqual([...(await sixteen.stored(1)).values], values);
      const eight = await open({ rows: 2, columns: 3, frames: 2, transferSyntax, pixels: ramp(12) });
      assert.deepEqual([...(await eight.stored(2)).values], [6, 7, 8, 9, 10, 11]);
    });
  }

  it('swaps 8-bit samples that a big-endian file keeps in words', async () => {
    const file = await open({
      rows: 1,
      columns: 3,
      frames: 2,
      transferSyntax: `${SYNTAX}.2`,
      extra: [['7fe00010', 'OW', Uint8Array.of(2, 1, 4, 3, 6, 5)]],
    });
    assert.deepEqual([...(await file.stored(1)).values], [1, 2, 3]);
    assert.deepEqual([...(await file.stored(2)).values], [4, 5, 6]);
  });

  it('reads RGB by pixel and by plane', async () => {
    const rgb = [10, 20, 30, 40, 50, 60];
    for (const [planar, pixels] of [
      [0, [10, 20, 30, 40, 50, 60]],
      [1, [10, 40, 20, 50, 30, 60]],
    ] as const) {
      const file = await open({
        rows: 1,
        columns: 2,
        samples: 3,
        photometric: 'RGB',
        planar,
        pixels: Uint8Array.from(pixels),
      });
      const frame = await file.frame(1);
      assert.equal(frame.channels, 3);
      assert.deepEqual([...frame.pixels], rgb);
    }
  });

  it('turns YBR_FULL and YBR_FULL_422 into RGB', async () => {
    // Red, in full-range YCbCr: 76, 85, 255.
    const full = await open({
      rows: 1,
      columns: 2,
      samples: 3,
      photometric: 'YBR_FULL',
      pixels: Uint8Array.of(76, 85, 255, 76, 85, 255),
    });
    near((await full.frame(1)).pixels, [254, 0, 0, 254, 0, 0], 1);
    const half = await open({
      rows: 1,
      columns: 2,
      samples: 3,
      photometric: 'YBR_FULL_422',
      pixels: Uint8Array.of(76, 76, 85, 255),
    });
    near((await half.frame(1)).pixels, [254, 0, 0, 254, 0, 0], 1);
  });

  it('looks colours up in a palette, beyond its ends too', async () => {
    const table = (...values: number[]) => words(values.map((value) => value * 257));
    const file = await open({
      rows: 1,
      columns: 4,
      photometric: 'PALETTE COLOR',
      pixels: Uint8Array.of(0, 10, 11, 200),
      extra: [
        ['00281101', 'US', [2, 10, 16]],
        ['00281102', 'US', [2, 10, 16]],
        ['00281103', 'US', [2, 10, 16]],
        ['00281201', 'OW', table(1, 4)],
        ['00281202', 'OW', table(2, 5)],
        ['00281203', 'OW', table(3, 6)],
      ],
    });
    near((await file.frame(1)).pixels, [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6], 1e-4);
  });
});

describe('grey values', () => {
  const sixteen = { rows: 1, columns: 5, bitsAllocated: 16, pixels: words([0, 100, 150, 200, 400]) };

  it('follows the first window of the file, after rescaling', async () => {
    const file = await open({
      ...sixteen,
      extra: [
        ['00281050', 'DS', '300.5\\1'],
        ['00281051', 'DS', '201\\1'],
        ['00281052', 'DS', '0'],
        ['00281053', 'DS', '2'],
      ],
    });
    const frame = await file.frame(1);
    near(frame.pixels, [0, 0, 127.5, 255, 255], 1e-4);
    assert.equal(frame.intensity, 'rescaled by 2 and 0, window 300.5/201 from the file');
  });

  it('takes percentiles where there is no window, leaving padding out', async () => {
    const values = Array.from({ length: 1000 }, (_, i) => 1000 + i);
    const pixels = words([...values, ...new Array<number>(1000).fill(65535)]);
    const file = await open({
      rows: 20,
      columns: 100,
      bitsAllocated: 16,
      pixels,
      extra: [['00280120', 'US', 65535]],
    });
    const frame = await file.frame(1);
    assert.match(frame.intensity, /^percentiles 0.5 to 99.5 of the frame \(1004 to 1994\)$/);
    assert.equal(frame.pixels[4], 0);
    assert.equal(frame.pixels[994], 255);
    near(frame.pixels.subarray(499, 500), [127.5], 0.2);
  });

  it('inverts MONOCHROME1', async () => {
    const frame = await (
      await open({ rows: 1, columns: 3, photometric: 'MONOCHROME1', pixels: Uint8Array.of(0, 55, 255) })
    ).frame(1);
    assert.deepEqual([...frame.pixels], [255, 200, 0]);
    assert.match(frame.intensity, /MONOCHROME1 inverted/);
  });

  it('makes a flat image black rather than infinite', async () => {
    const file = await open({ rows: 1, columns: 3, bitsAllocated: 16, pixels: words([7, 7, 7]) });
    assert.deepEqual([...(await file.frame(1)).pixels], [0, 0, 0]);
  });

  it('takes window, rescale and spacing from functional groups, the frame’s own before shared ones', async () => {
    const file = await open({
      rows: 1,
      columns: 2,
      frames: 2,
      bitsAllocated: 16,
      pixels: words([0, 10, 0, 10]),
      extra: [
        [
          '52009229',
          'SQ',
          [
            [
              ['00289110', 'SQ', [[['00280030', 'DS', '0.3\\0.4']]]],
              [
                '00289132',
                'SQ',
                [
                  [
                    ['00281050', 'DS', '10.5'],
                    ['00281051', 'DS', '21'],
                  ],
                ],
              ],
            ],
          ],
        ],
        [
          '52009230',
          'SQ',
          [
            [],
            [
              [
                '00289132',
                'SQ',
                [
                  [
                    ['00281050', 'DS', '5.5'],
                    ['00281051', 'DS', '11'],
                  ],
                ],
              ],
            ],
          ],
        ],
      ],
    });
    near((await file.frame(1)).pixels, [0, 127.5], 1e-3);
    near((await file.frame(2)).pixels, [0, 255], 1e-3);
    assert.deepEqual((await file.frame(1)).spacing, [0.3, 0.4]);
  });
});

describe('pixel spacing', () => {
  const plain = { rows: 1, columns: 1, pixels: Uint8Array.of(1, 0) };
  const spacing = async (extra: NonNullable<ImageOptions['extra']>) =>
    (await (await open({ ...plain, extra })).frame(1)).spacing;

  it('is Pixel Spacing where there is one', async () => {
    assert.deepEqual(
      await spacing([
        ['00280030', 'DS', '0.5\\0.25'],
        ['00181164', 'DS', '1\\1'],
      ]),
      [0.5, 0.25],
    );
  });

  it('is the detector’s over the magnification otherwise', async () => {
    assert.deepEqual(
      await spacing([
        ['00181164', 'DS', '0.4\\0.4'],
        ['00181114', 'DS', '1.6'],
      ]),
      [0.25, 0.25],
    );
    assert.deepEqual(
      await spacing([
        ['00181164', 'DS', '0.4\\0.4'],
        ['00181110', 'DS', '1000'],
        ['00181111', 'DS', '500'],
      ]),
      [0.2, 0.2],
    );
  });

  it('is not the detector’s alone, nor anything impossible', async () => {
    assert.equal(await spacing([['00181164', 'DS', '0.4\\0.4']]), undefined);
    assert.equal(await spacing([['00280030', 'DS', '0\\x']]), undefined);
  });
});
