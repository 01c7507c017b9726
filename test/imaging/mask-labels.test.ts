/** Label maps are refused as masks; whatever smooth edges a mask has, it is read. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from 'fast-png';
import { maskFromImage } from '../../src/imaging/mask.ts';
import { encodeJpeg } from './encoders.ts';
import { writePng } from './file-writers.ts';

const SIDE = 48;
type Colour = readonly [number, number, number];

/** Bands of 8 pixels, one value after another. */
function bands<T>(values: readonly T[]): T[] {
  return Array.from({ length: SIDE * SIDE }, (_, i) => values[((i % SIDE) >> 3) % values.length]!);
}

const grey = (...values: number[]) =>
  encode({ width: SIDE, height: SIDE, channels: 1, depth: 8, data: Uint8Array.from(bands(values)) });
const coloured = (colours: readonly Colour[]) =>
  encode({ width: SIDE, height: SIDE, channels: 3, depth: 8, data: Uint8Array.from(bands(colours).flat()) });

const refused = (bytes: Uint8Array, says: RegExp) =>
  assert.rejects(maskFromImage(bytes, 'labels.png'), { code: 'DATASET_INVALID', message: says });

const BLACK: Colour = [0, 0, 0];
const RED: Colour = [255, 0, 0];
const GREEN: Colour = [0, 255, 0];
const BLUE: Colour = [0, 0, 255];
const WHITE: Colour = [255, 255, 255];

describe('files that count structures', () => {
  it('are refused however few they count', async () => {
    await refused(grey(0, 10), /labels\.png is no black and white mask: its highest value is 10 of 255/u);
    await refused(grey(0, 1, 2, 3, 4, 5), /its highest value is 5 of 255.*Save it with 255/u);
    const four = { width: 2, height: 1, depth: 4, colourType: 0, rows: [[0b00000001]] } as const;
    await refused(writePng(four), /its highest value is 1 of 15/u);
  });

  it('are refused where some of their greys would count and others would not', async () => {
    await refused(grey(0, 100, 255), /areas of 255 and of 100.*a file for each structure/u);
    await refused(grey(0, 50, 100, 150, 200), /areas of 200 and of/u);
  });

  it('are refused where they do it by colours', async () => {
    await refused(coloured([BLACK, RED, BLUE, GREEN]), /the colours \(0, 255, 0\) and \(255, 0, 0\)/u);
    await refused(coloured([BLACK, WHITE, RED]), /the colours 255 and \(255, 0, 0\)/u);
    const bytes = Uint8Array.from(bands([BLACK, RED, BLUE, GREEN]).flat());
    const jpeg = await encodeJpeg({ width: SIDE, height: SIDE, components: 3, bits: 8, bytes });
    await refused(jpeg, /the colours/u);
  });
});

/** A ring, averaged over `factor` x `factor` samples a pixel. */
function smooth(factor: number): number[] {
  const inside = (x: number, y: number) => Math.abs(Math.hypot(x - 23, y - 25) - 14) < 3;
  return Array.from({ length: SIDE * SIDE }, (_, at) => {
    let hits = 0;
    for (let i = 0; i < factor * factor; i++) {
      const dx = ((i % factor) + 0.5) / factor;
      const dy = (Math.floor(i / factor) + 0.5) / factor;
      if (inside((at % SIDE) + dx, Math.floor(at / SIDE) + dy)) hits++;
    }
    return hits / factor ** 2;
  });
}

describe('masks with smooth edges', () => {
  for (const factor of [2, 3, 4, 8]) {
    it(`are read, in greys and in one colour: ${factor ** 2 + 1} levels`, async () => {
      const levels = smooth(factor);
      for (const ink of [WHITE, GREEN, [255, 255, 0] as const]) {
        const data = Uint8Array.from(
          levels.flatMap((level) => ink.map((value) => Math.round(value * level))),
        );
        const image = encode({ width: SIDE, height: SIDE, channels: 3, depth: 8, data });
        const mask = await maskFromImage(image, 'smooth.png');
        assert.ok(mask.data.includes(0));
        for (const [at, level] of levels.entries()) {
          if (level === 0 || level === 1) assert.equal(mask.data[at], level);
        }
      }
    });
  }

  it('are read where their white is none, if it is the only one', async () => {
    assert.deepEqual([...(await maskFromImage(grey(0, 200), 'grey.png')).data], bands([0, 1]));
    assert.deepEqual([...(await maskFromImage(grey(4, 252), 'near.png')).data], bands([0, 1]));
  });
});
