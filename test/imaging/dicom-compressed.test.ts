import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { words, writeImage } from './dicom-writer.ts';
import type { ImageOptions } from './dicom-writer.ts';
import {
  encodeHtj2k,
  encodeJpeg,
  encodeJpeg2000,
  encodeJpegLossless,
  encodeJpegLs,
  encodeRle,
} from './encoders.ts';
import type { Samples } from './encoders.ts';

const SYNTAX = '1.2.840.10008.1.2';
const open = (options: ImageOptions) => decodeDicom(writeImage(options), 'test.dcm');
const near = (actual: ArrayLike<number>, expected: readonly number[], tolerance: number) => {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) =>
    assert.ok(Math.abs((actual[i] ?? NaN) - value) <= tolerance, `${i}: ${actual[i]}, not ${value}`),
  );
};

describe('compressed DICOM', () => {
  const random = (count: number, most: number, seed: number) => {
    let state = seed;
    return Array.from({ length: count }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * most);
    });
  };
  const grey8: Samples = {
    width: 19,
    height: 13,
    components: 1,
    bits: 8,
    bytes: Uint8Array.from(random(247, 256, 1)),
  };
  const grey12: Samples = {
    width: 19,
    height: 13,
    components: 1,
    bits: 12,
    bytes: words(random(247, 4096, 2)),
  };
  const rgb8: Samples = {
    width: 19,
    height: 13,
    components: 3,
    bits: 8,
    bytes: Uint8Array.from(random(741, 256, 3)),
  };
  const lossless: [string, string, (samples: Samples) => Uint8Array | Promise<Uint8Array>][] = [
    ['RLE', '.5', encodeRle],
    ['lossless JPEG', '.4.70', encodeJpegLossless],
    ['JPEG-LS', '.4.80', encodeJpegLs],
    ['JPEG 2000', '.4.90', encodeJpeg2000],
    ['HTJ2K', '.4.201', encodeHtj2k],
  ];
  const wrap = (
    samples: Samples,
    syntax: string,
    fragments: Uint8Array[],
    more: Partial<ImageOptions> = {},
  ) =>
    open({
      rows: samples.height,
      columns: samples.width,
      samples: samples.components,
      photometric: samples.components === 3 ? 'RGB' : 'MONOCHROME2',
      bitsAllocated: samples.bits > 8 ? 16 : 8,
      bitsStored: samples.bits,
      transferSyntax: SYNTAX + syntax,
      fragments,
      ...more,
    });

  for (const [name, syntax, encode] of lossless) {
    it(`gives back what ${name} was given: grey of 8 and 12 bits, RGB`, async () => {
      for (const samples of [grey8, grey12, rgb8]) {
        const file = await wrap(samples, syntax, [await encode(samples)]);
        const expected = samples.bits > 8 ? new Uint16Array(samples.bytes.slice().buffer) : samples.bytes;
        assert.deepEqual([...(await file.stored(1)).values], [...expected]);
      }
    });
  }

  it('reads signed values through every codec that keeps them', async () => {
    const values = random(247, 4096, 4).map((value) => value - 2048);
    const samples = { ...grey12, bytes: words(values.map((value) => value & 0xfff)) };
    const stored = { bitsStored: 12, signed: true };
    for (const [, syntax, encode] of lossless.slice(0, 3)) {
      const file = await wrap(samples, syntax, [await encode(samples)], stored);
      assert.deepEqual([...(await file.stored(1)).values], values);
    }
    const signed = { ...grey12, signed: true, bytes: words(values) };
    for (const [, syntax, encode] of lossless.slice(3)) {
      const file = await wrap(signed, syntax, [await encode(signed)], stored);
      assert.deepEqual([...(await file.stored(1)).values], values);
    }
  });

  it('reads JPEG-LS whatever its interleaving', async () => {
    const planes = Uint8Array.from(
      rgb8.bytes,
      (_, i) => rgb8.bytes[(i % 247) * 3 + Math.floor(i / 247)] ?? 0,
    );
    for (const [mode, bytes] of [
      [0, planes],
      [1, rgb8.bytes],
      [2, rgb8.bytes],
    ] as const) {
      const file = await wrap(rgb8, '.4.80', [await encodeJpegLs({ ...rgb8, bytes }, mode)]);
      assert.deepEqual([...(await file.stored(1)).values], [...rgb8.bytes], `mode ${mode}`);
    }
  });

  it('decodes baseline JPEG to within its loss, grey and YCbCr', async () => {
    const smooth = Uint8Array.from({ length: 32 * 32 }, (_, i) => 4 * (i % 32) + 2 * Math.floor(i / 32));
    const grey = { width: 32, height: 32, components: 1, bits: 8, bytes: smooth };
    const file = await wrap(grey, '.4.50', [await encodeJpeg(grey)]);
    near((await file.frame(1)).pixels, [...smooth], 4);
    const colours = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i % 3 === 0 ? 200 : 60));
    const rgb = { width: 32, height: 32, components: 3, bits: 8, bytes: colours };
    const ybr = await wrap(rgb, '.4.50', [await encodeJpeg(rgb)], { photometric: 'YBR_FULL_422' });
    near((await ybr.frame(1)).pixels, [...colours], 4);
  });

  it('undoes the transform of JPEG 2000 that YBR_RCT names', async () => {
    const file = await wrap(rgb8, '.4.90', [await encodeJpeg2000(rgb8)], { photometric: 'YBR_RCT' });
    assert.deepEqual([...(await file.frame(1)).pixels], [...rgb8.bytes]);
  });

  describe('fragments', () => {
    const frames = [5, 6, 7].map((seed) => ({ ...grey8, bytes: Uint8Array.from(random(247, 256, seed)) }));
    const encoded = frames.map((frame) => encodeJpegLossless(frame));
    const halves = encoded.flatMap((bytes) => {
      const middle = Math.floor(bytes.length / 4) * 2;
      return [bytes.subarray(0, middle), bytes.subarray(middle)];
    });
    const padded = (bytes: Uint8Array) => bytes.length + (bytes.length % 2) + 8;
    const expectAll = async (file: Awaited<ReturnType<typeof wrap>>) => {
      for (const [i, frame] of frames.entries()) {
        assert.deepEqual([...(await file.stored(i + 1)).values], [...frame.bytes], `frame ${i + 1}`);
      }
    };

    it('are one to a frame without a table', async () => {
      await expectAll(await wrap(grey8, '.4.70', encoded, { frames: 3 }));
    });

    it('are grouped by the basic offset table', async () => {
      const starts = encoded.map((_, i) =>
        halves.slice(0, 2 * i).reduce((sum, bytes) => sum + padded(bytes), 0),
      );
      await expectAll(await wrap(grey8, '.4.70', halves, { frames: 3, offsetTable: starts }));
    });

    it('are grouped by the extended offset table', async () => {
      const starts = encoded.map((_, i) =>
        halves.slice(0, 2 * i).reduce((sum, bytes) => sum + padded(bytes), 0),
      );
      const table = new Uint8Array(new BigUint64Array(starts.map(BigInt)).buffer);
      await expectAll(await wrap(grey8, '.4.70', halves, { frames: 3, extra: [['7fe00001', 'OV', table]] }));
    });

    it('are grouped by the markers that start an image when a writer left no table, or a wrong one', async () => {
      await expectAll(await wrap(grey8, '.4.70', halves, { frames: 3 }));
      await expectAll(await wrap(grey8, '.4.70', halves, { frames: 3, offsetTable: [0, 2, 4] }));
    });

    it('all belong to a single frame', async () => {
      const file = await wrap(grey8, '.4.70', halves.slice(0, 2));
      assert.deepEqual([...(await file.stored(1)).values], [...(frames[0]?.bytes ?? [])]);
    });

    it('that are too few, or cannot be told apart, are refused', async () => {
      await assert.rejects(wrap(grey8, '.4.70', encoded, { frames: 4 }), { code: 'DICOM_INVALID' });
      await assert.rejects(wrap(grey8, '.4.70', halves.slice(1), { frames: 2 }), { code: 'DICOM_INVALID' });
    });
  });
});
