import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { writeDicom, writeImage } from './dicom-writer.ts';
import type { ImageOptions } from './dicom-writer.ts';
import { encodeHtj2k, encodeJpeg, encodeJpeg2000, encodeJpegLossless, encodeJpegLs } from './encoders.ts';
import type { Samples } from './encoders.ts';

const SYNTAX = '1.2.840.10008.1.2';
const open = (options: ImageOptions) => decodeDicom(writeImage(options), 'test.dcm');
const ramp = (count: number, step = 1) => Uint8Array.from({ length: count }, (_, i) => (i * step) & 255);
describe('DICOM that cannot be read', () => {
  const rejects = (promise: Promise<unknown>, code: string, message: RegExp) =>
    assert.rejects(promise, (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  const plain: ImageOptions = { rows: 2, columns: 2, pixels: ramp(4) };

  it('is refused with the reason and the way out', async () => {
    await rejects(decodeDicom(new Uint8Array(200), 'a.txt'), 'DICOM_INVALID', /a\.txt .*not a DICOM file/);
    await rejects(open({ ...plain, without: ['00280010'] }), 'DICOM_INVALID', /no Rows/);
    await rejects(
      open({ ...plain, without: ['7fe00010'] }),
      'DICOM_UNSUPPORTED',
      /holds no image \(modality XA\)/,
    );
    await rejects(open({ ...plain, extra: [['00280010', 'US', 0]] }), 'DICOM_INVALID', /2 x 0/);
    await rejects(open({ ...plain, photometric: 'CMYK' }), 'DICOM_UNSUPPORTED', /CMYK.*Convert/);
    await rejects(
      open({ ...plain, transferSyntax: '1.2.840.10008.1.2.4.100' }),
      'DICOM_UNSUPPORTED',
      /4\.100.*Convert/,
    );
    await rejects(open({ ...plain, bitsAllocated: 32, bitsStored: 32 }), 'DICOM_UNSUPPORTED', /32 bits/);
    await rejects(open({ ...plain, bitsAllocated: 8, bitsStored: 12 }), 'DICOM_INVALID', /12 bits/);
    await rejects(open({ ...plain, samples: 3 }), 'DICOM_INVALID', /3 samples/);
    await rejects(open({ ...plain, extra: [['00280008', 'IS', '-3']] }), 'DICOM_INVALID', /-3 frames/);
    await rejects(writePalette(), 'DICOM_INVALID', /palette/);
  });

  const writePalette = async () =>
    (await open({ ...plain, photometric: 'PALETTE COLOR', extra: [['00281101', 'US', [4, 0, 16]]] })).frame(
      1,
    );

  it('is refused when its pixels are fewer than it declares, before anything is allocated', async () => {
    await rejects(
      open({ ...plain, rows: 60000, columns: 60000, frames: 2000000000 }),
      'DICOM_INVALID',
      /holds 4/,
    );
    await rejects(
      open({ rows: 65535, columns: 65535, transferSyntax: `${SYNTAX}.4.90`, fragments: [ramp(100)] }).then(
        (f) => f.frame(1),
      ),
      'DICOM_INVALID',
      /cannot hold/,
    );
  });

  it('is refused when a codec stream has another size than the file', async () => {
    const samples: Samples = { width: 32, height: 32, components: 1, bits: 8, bytes: ramp(1024) };
    for (const [syntax, encode] of [
      ['.4.70', encodeJpegLossless],
      ['.4.80', encodeJpegLs],
      ['.4.90', encodeJpeg2000],
      ['.4.201', encodeHtj2k],
      ['.4.50', encodeJpeg],
    ] as const) {
      const fragments = [await encode(samples)];
      const file = await open({ rows: 33, columns: 32, transferSyntax: SYNTAX + syntax, fragments });
      await rejects(file.stored(1), 'DICOM_INVALID', /32 x 32/);
    }
  });

  it('is refused at any length short of the whole', async () => {
    const whole = writeImage({ rows: 8, columns: 8, frames: 2, pixels: ramp(128) });
    for (let length = 0; length < whole.length; length += 7) {
      // Cut between two elements it is a sound file without pixel data.
      await assert.rejects(decodeDicom(whole.subarray(0, length), 'cut.dcm'), {
        code: /^DICOM_(INVALID|UNSUPPORTED)$/,
      });
    }
  });

  it('names a lossy JPEG of 12 bits for what it is', async () => {
    const jpeg = await encodeJpeg({ width: 32, height: 32, components: 1, bits: 8, bytes: ramp(1024) });
    const at = jpeg.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(jpeg[i + 1] ?? 0));
    jpeg.set([0xc1], at + 1);
    jpeg.set([12], at + 4);
    const file = await open({
      rows: 32,
      columns: 32,
      bitsAllocated: 16,
      bitsStored: 12,
      transferSyntax: `${SYNTAX}.4.51`,
      fragments: [jpeg],
    });
    await rejects(file.stored(1), 'DICOM_UNSUPPORTED', /12 bits.*gdcmconv/);
  });

  it('survives nested sequences and lengths that point nowhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 200 }), async (junk) => {
        const header = writeDicom([]);
        const bytes = new Uint8Array([...header, ...junk]);
        await assert.rejects(decodeDicom(bytes, 'junk.dcm'), (error: Error & { code?: string }) =>
          ['DICOM_INVALID', 'DICOM_UNSUPPORTED'].includes(error.code ?? ''),
        );
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});
