import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeJpegLossless } from '../../src/imaging/codecs/jpeg-lossless.ts';
import { expectEndOfImage } from '../../src/imaging/codecs/jpeg-ls-header.ts';
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

  it('refuse streams that end early, at any byte', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) & 255);
    const samples = { width: 20, height: 15, components: 1, bits: 8, bytes };
    const lossless = encodeJpegLossless(samples);
    const rle = encodeRle(samples);
    // The last bytes are the end marker, which decoders can do without, and padding.
    for (let length = 0; length < lossless.length - 3; length++) {
      assert.throws(() => decodeJpegLossless(lossless.subarray(0, length)), Error, `lossless, ${length}`);
    }
    for (let length = 0; length < rle.length - 2; length++) {
      assert.throws(() => decodeRle(rle.subarray(0, length), 300, 1, 1), Error, `RLE, ${length}`);
    }
  });
});

describe('JPEG-LS, before CharLS sees it', () => {
  const bytes = Uint8Array.from({ length: 900 }, (_, i) => (i * 37) & 255);
  const samples = { width: 20, height: 15, components: 3, bits: 8, bytes };

  it('has an end, after one scan or several, padded or not', async () => {
    for (const interleave of [0, 1, 2]) {
      const whole = await encodeJpegLs(samples, interleave);
      assert.doesNotThrow(() => expectEndOfImage(whole));
      assert.doesNotThrow(() => expectEndOfImage(Uint8Array.from([...whole, 0])));
    }
  });

  it('is refused when it ends early, at any byte', async () => {
    const whole = await encodeJpegLs(samples, 0);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => expectEndOfImage(whole.subarray(0, length)), /it ends early/, `${length}`);
    }
  });

  it('is refused when a segment leads nowhere', async () => {
    const whole = await encodeJpegLs(samples);
    whole[5] = 12;
    assert.throws(() => expectEndOfImage(whole), /no JPEG marker at byte/);
  });
});
