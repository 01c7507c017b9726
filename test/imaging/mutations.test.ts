import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from 'fast-png';
import { decodeAny } from '../../src/imaging/decode-any.ts';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { isSegmentation, readSeg } from '../../src/imaging/dicom/seg-read.ts';
import { encodeSeg } from '../../src/imaging/dicom/seg-write.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { writeImage } from './dicom-writer.ts';
import {
  encodeHtj2k,
  encodeJpeg,
  encodeJpeg2000,
  encodeJpegLossless,
  encodeJpegLs,
  encodeRle,
} from './encoders.ts';
import { writeBmp, writeGif, writeTiff } from './file-writers.ts';

/** Small, so that a size field that is struck is likely to declare far more than the file holds. */
const WIDTH = 40;
const HEIGHT = 32;
const PIXELS = Uint8Array.from(
  { length: WIDTH * HEIGHT },
  (_, i) => (i * 7 + Math.floor(i / WIDTH) * 13) & 255,
);
const SAMPLES = { width: WIDTH, height: HEIGHT, components: 1, bits: 8, bytes: PIXELS };
const MUTATIONS = 30;

/** A frame may take this much more memory than what it decodes to, codec included. */
const MOST_GROWTH = 300 * 2 ** 20;
const MOST_SECONDS = 5;

function* random(seed: number): Generator<number, never> {
  let state = seed >>> 0;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** One to four of: a byte replaced, a bit turned, a run of 0x00 or 0xff, a cut, a piece doubled or left out. */
function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  const numbers = random(seed);
  const below = (limit: number) => Math.floor(numbers.next().value * limit);
  let out = Array.from(bytes);
  for (let n = 1 + below(4); n > 0; n--) {
    const at = below(out.length);
    const length = 1 + below(8);
    switch (below(6)) {
      case 0:
        out[at] = below(256);
        break;
      case 1:
        out[at] = (out[at] ?? 0) ^ (1 << below(8));
        break;
      case 2:
        out.fill(below(2) * 255, at, at + length);
        break;
      case 3:
        out = out.slice(0, Math.max(1, at));
        break;
      case 4:
        out.splice(at, 0, ...out.slice(at, at + length));
        break;
      default:
        out.splice(at, length);
    }
  }
  return Uint8Array.from(out);
}

async function useAll(bytes: Uint8Array): Promise<void> {
  const file = await decodeAny(bytes, 'mutated');
  const { channels, pixels, width, height } = await file.frame(file.frameCount);
  assert.equal(pixels.length, width * height * channels);
  assert.ok(pixels.every((value) => value >= 0 && value <= 255));
  if (file.dicom && isSegmentation(file.dicom)) {
    for (const frame of readSeg(file.dicom).frames.slice(0, 4)) await frame.mask();
  }
}

const syntax = (name: string) => `1.2.840.10008.1.2${name}`;
const dicom = (name: string, fragment: Uint8Array) =>
  writeImage({
    rows: HEIGHT,
    columns: WIDTH,
    frames: 2,
    transferSyntax: syntax(name),
    fragments: [fragment, fragment],
  });

const FILES: readonly (readonly [string, () => Uint8Array | Promise<Uint8Array>])[] = [
  ['DICOM, explicit', () => writeImage({ rows: HEIGHT, columns: WIDTH, pixels: PIXELS })],
  [
    'DICOM, implicit',
    () => writeImage({ rows: HEIGHT, columns: WIDTH, pixels: PIXELS, transferSyntax: syntax('') }),
  ],
  [
    'DICOM, deflated',
    () => writeImage({ rows: HEIGHT, columns: WIDTH, pixels: PIXELS, transferSyntax: syntax('.1.99') }),
  ],
  ['DICOM, RLE', () => dicom('.5', encodeRle(SAMPLES))],
  ['DICOM, JPEG', async () => dicom('.4.50', await encodeJpeg(SAMPLES))],
  ['DICOM, lossless JPEG', () => dicom('.4.70', encodeJpegLossless(SAMPLES))],
  ['DICOM, JPEG-LS', async () => dicom('.4.80', await encodeJpegLs(SAMPLES))],
  ['DICOM, JPEG 2000', async () => dicom('.4.90', await encodeJpeg2000(SAMPLES))],
  ['DICOM, HTJ2K', async () => dicom('.4.201', await encodeHtj2k(SAMPLES))],
  ['DICOM segmentation', writeSeg],
  ['PNG', () => encode({ width: WIDTH, height: HEIGHT, channels: 1, depth: 8, data: PIXELS })],
  ['JPEG', () => encodeJpeg(SAMPLES)],
  ['TIFF', () => writeTiff({ width: WIDTH, height: HEIGHT, bits: 8, photometric: 1, data: PIXELS })],
  [
    'TIFF, deflated',
    () => writeTiff({ width: WIDTH, height: HEIGHT, bits: 8, photometric: 1, compression: 8, data: PIXELS }),
  ],
  [
    'GIF',
    () =>
      writeGif(
        WIDTH,
        HEIGHT,
        Array.from(PIXELS, (v) => v & 3),
        [0, 0, 0, 85, 85, 85, 9, 9, 9, 255, 255, 255],
      ),
  ],
  [
    'BMP',
    () =>
      writeBmp(
        WIDTH,
        HEIGHT,
        8,
        rows(),
        Array.from({ length: 1024 }, (_, i) => i >> 2),
      ),
  ],
  ['PGM', () => Uint8Array.from([...new TextEncoder().encode(`P5\n${WIDTH} ${HEIGHT}\n255\n`), ...PIXELS])],
];

function rows(): number[][] {
  return Array.from({ length: HEIGHT }, (_, y) => Array.from(PIXELS.subarray(y * WIDTH, (y + 1) * WIDTH)));
}

async function writeSeg(): Promise<Uint8Array> {
  const source = await decodeDicom(writeImage({ rows: HEIGHT, columns: WIDTH, pixels: PIXELS }), 'source');
  const mask = { width: WIDTH, height: HEIGHT, data: PIXELS.map((v) => v & 1) };
  return encodeSeg({
    segments: [{ label: 'Vein', algorithmType: 'MANUAL' }],
    frames: [{ source, frameNumber: 1, masks: [mask] }],
    seriesDescription: 'x',
    softwareVersion: '0',
  });
}

describe('mutated files', () => {
  for (const [name, make] of FILES) {
    it(`${name}: each is read or refused with a code, in little time and memory`, async () => {
      const whole = await make();
      await useAll(whole);
      let refused = 0;
      for (let seed = 0; seed < MUTATIONS; seed++) {
        const mutated = mutate(whole, seed * 7919 + 17);
        const memory = process.memoryUsage.rss();
        const start = performance.now();
        try {
          await useAll(mutated);
        } catch (error) {
          if (!(error instanceof SaltError)) throw new Error(`seed ${seed}`, { cause: error });
          assert.match(error.code, /^(DICOM|IMAGE)_(INVALID|UNSUPPORTED)$/, `seed ${seed}`);
          assert.match(error.message, /mutated.*\. [A-Z]/, `seed ${seed}: what to do`);
          refused++;
        }
        assert.ok(performance.now() - start < MOST_SECONDS * 1000, `seed ${seed} took too long`);
        assert.ok(process.memoryUsage.rss() - memory < MOST_GROWTH, `seed ${seed} took too much memory`);
      }
      assert.ok(refused > MUTATIONS / 10, `only ${refused} were refused`);
    });
  }
});
