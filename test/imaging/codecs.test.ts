import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeJpegLossless } from '../../src/imaging/codecs/jpeg-lossless.ts';
import { decodeJpegLs } from '../../src/imaging/codecs/jpeg-ls.ts';
import { decodeRle } from '../../src/imaging/codecs/rle.ts';
import { words } from './dicom-writer.ts';
import { encodeJpegLossless, encodeJpegLs, encodeRle } from './encoders.ts';
import type { Samples } from './encoders.ts';

/** Images from noise to flat, so that runs of every length occur. */
const images = fc
  .record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 20 }),
    components: fc.constantFrom(1, 3),
    bits: fc.constantFrom(4, 8, 10, 12, 16),
    flatness: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(),
  })
  .map(({ flatness, seed, ...shape }): Samples => {
    let state = seed;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const most = 2 ** shape.bits - 1;
    const values: number[] = [];
    for (let i = 0; i < shape.width * shape.height * shape.components; i++) {
      const previous = values[i - shape.components] ?? 0;
      values.push(random() < flatness ? previous : Math.floor(random() * (most + 1)));
    }
    return { ...shape, bytes: shape.bits > 8 ? words(values) : Uint8Array.from(values) };
  });

describe('codecs of our own', () => {
  it('JPEG-LS: what CharLS encodes, by line and by pixel', async () => {
    await fc.assert(
      fc.asyncProperty(images, fc.constantFrom(1, 2), async (samples, interleave) => {
        const encoded = await encodeJpegLs(samples, samples.components === 1 ? 0 : interleave);
        assert.deepEqual(decodeJpegLs(encoded).bytes, samples.bytes);
      }),
      { numRuns: 150 },
    );
  });

  it('lossless JPEG: every predictor, with and without restarts', () => {
    fc.assert(
      fc.property(
        images,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 3 }),
        (samples, predictor, restartRows) => {
          const encoded = encodeJpegLossless(samples, { predictor, restartRows });
          assert.deepEqual(decodeJpegLossless(encoded).bytes, samples.bytes);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('RLE: repeats and literals of any length', () => {
    fc.assert(
      fc.property(images, (samples) => {
        const size = samples.bits > 8 ? 2 : 1;
        const decoded = decodeRle(
          encodeRle(samples),
          samples.width * samples.height,
          samples.components,
          size,
        );
        assert.deepEqual(decoded, samples.bytes);
      }),
      { numRuns: 100 },
    );
  });

  it('refuse streams that end early, at any byte', async () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) & 255);
    const samples = { width: 20, height: 15, components: 1, bits: 8, bytes };
    const ls = await encodeJpegLs(samples);
    const lossless = encodeJpegLossless(samples);
    const rle = encodeRle(samples);
    // The last bytes are the end marker, which decoders can do without, and padding.
    for (let length = 0; length < ls.length - 3; length++) {
      assert.throws(() => decodeJpegLs(ls.subarray(0, length)), Error, `JPEG-LS, ${length}`);
    }
    for (let length = 0; length < lossless.length - 3; length++) {
      assert.throws(() => decodeJpegLossless(lossless.subarray(0, length)), Error, `lossless, ${length}`);
    }
    for (let length = 0; length < rle.length - 2; length++) {
      assert.throws(() => decodeRle(rle.subarray(0, length), 300, 1, 1), Error, `RLE, ${length}`);
    }
  });
});
