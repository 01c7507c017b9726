import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encode } from 'fast-png';
import { decodeAny } from '../../src/imaging/decode-any.ts';
import { writeImage } from '../imaging/dicom-writer.ts';
import {
  encodeHtj2k,
  encodeJpeg,
  encodeJpeg2000,
  encodeJpegLossless,
  encodeJpegLs,
  encodeRle,
} from '../imaging/encoders.ts';
import { runInPage, skipWithoutChromium } from './harness.ts';
import type { Arguments, Result } from './pages/imaging.ts';

describe('images in Chromium', { skip: skipWithoutChromium }, () => {
  test('every codec gives the pixels that Node gives; masks are written and read back', async () => {
    const bytes = Uint8Array.from({ length: 40 * 32 }, (_, i) => (i * 7 + Math.floor(i / 40) * 13) & 255);
    const samples = { width: 40, height: 32, components: 1, bits: 8, bytes };
    const dicom = (syntax: string, fragment?: Uint8Array) =>
      writeImage({
        rows: 32,
        columns: 40,
        transferSyntax: `1.2.840.10008.1.2${syntax}`,
        ...(fragment ? { fragments: [fragment] } : { pixels: bytes }),
      });
    const source = dicom('.1');
    const files = {
      uncompressed: source,
      deflated: dicom('.1.99'),
      rle: dicom('.5', encodeRle(samples)),
      jpeg: dicom('.4.50', await encodeJpeg(samples)),
      lossless: dicom('.4.70', encodeJpegLossless(samples)),
      ls: dicom('.4.80', await encodeJpegLs(samples)),
      j2k: dicom('.4.90', await encodeJpeg2000(samples)),
      htj2k: dicom('.4.201', await encodeHtj2k(samples)),
      png: encode({ width: 40, height: 32, channels: 1, depth: 8, data: bytes }),
      jpg: await encodeJpeg(samples),
    };
    const argument: Arguments = {
      files: Object.entries(files).map(([name, file]) => [name, Array.from(file)] as const),
      source: Array.from(source),
    };
    const result = await runInPage<Result>('imaging', argument);
    for (const [i, [name, file]] of Object.entries(files).entries()) {
      const { pixels, intensity } = await (await decodeAny(file, name)).frame(1);
      assert.deepEqual(result.pixels[i], Array.from(pixels), name);
      assert.equal(result.intensities[i], intensity);
    }
    const expected = Array.from({ length: 40 * 32 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    assert.deepEqual(result.viaSeg, expected);
    assert.deepEqual(result.viaPng, expected);
  });
});
