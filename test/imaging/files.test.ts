import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GifWriter } from 'omggif';
import { encode } from 'fast-png';
import { decodeAny } from '../../src/imaging/decode-any.ts';
import { decodeImage } from '../../src/imaging/files/image.ts';
import { encodeJpeg } from './encoders.ts';
import { writeImage } from './dicom-writer.ts';
import { writeBmp, writeGif, writePng, writeTiff } from './file-writers.ts';

const pixelsOf = async (bytes: Uint8Array) => {
  const { width, height, channels, pixels } = await decodeImage(bytes, 'test');
  return { width, height, channels, pixels: Array.from(pixels, Math.round) };
};
const expectGrey = async (bytes: Uint8Array, width: number, height: number, pixels: readonly number[]) => {
  assert.deepEqual(await pixelsOf(bytes), { width, height, channels: 1, pixels });
};
const expectRgb = async (bytes: Uint8Array, width: number, height: number, pixels: readonly number[]) => {
  assert.deepEqual(await pixelsOf(bytes), { width, height, channels: 3, pixels });
};

describe('PNG', () => {
  it('gives back 8-bit pixels of any size', async () => {
    const shapes = fc.record({
      width: fc.integer({ min: 1, max: 20 }),
      height: fc.integer({ min: 1, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(
        shapes,
        fc.constantFrom(1, 3),
        fc.infiniteStream(fc.nat(255)),
        async (shape, channels, noise) => {
          const data = Uint8Array.from(noise.take(shape.width * shape.height * channels));
          const frame = await decodeImage(encode({ ...shape, channels, data, depth: 8 }), 'x.png');
          assert.deepEqual(
            [frame.width, frame.height, frame.channels],
            [shape.width, shape.height, channels],
          );
          assert.deepEqual([...frame.pixels], [...data]);
          assert.equal(frame.intensity, '8-bit values as stored');
        },
      ),
      { numRuns: 40 },
    );
  });

  it('reads 1, 2 and 4 bits, rows starting on a byte', async () => {
    const grey = (depth: number, rows: number[][], width: number) =>
      writePng({ width, height: rows.length, depth, colourType: 0, rows });
    await expectGrey(grey(1, [[0b10100000], [0b01000000]], 3), 3, 2, [255, 0, 255, 0, 255, 0]);
    await expectGrey(grey(2, [[0b00011011]], 4), 4, 1, [0, 85, 170, 255]);
    await expectGrey(grey(4, [[0x0f, 0x70]], 3), 3, 1, [0, 255, 119]);
  });

  it('reads palettes: grey where all used colours are, else RGB', async () => {
    const palette = [4, 4, 4, 252, 252, 252, 255, 0, 0];
    const indexed = (row: number[]) =>
      writePng({ width: row.length, height: 1, depth: 8, colourType: 3, rows: [row], palette });
    await expectGrey(indexed([0, 1, 1]), 3, 1, [4, 252, 252]);
    await expectRgb(indexed([0, 2]), 2, 1, [4, 4, 4, 255, 0, 0]);
    await assert.rejects(decodeImage(indexed([7]), 'x.png'), { code: 'IMAGE_INVALID' });
  });

  it('lays alpha over black', async () => {
    const data = Uint8Array.of(200, 100, 50, 255, 200, 100, 50, 0);
    await expectRgb(
      encode({ width: 2, height: 1, channels: 4, depth: 8, data }),
      2,
      1,
      [200, 100, 50, 0, 0, 0],
    );
    const grey = Uint8Array.of(200, 255, 200, 51);
    await expectGrey(encode({ width: 2, height: 1, channels: 2, depth: 8, data: grey }), 2, 1, [200, 40]);
  });

  it('stretches 16-bit grey between percentiles, and says so; 16-bit colour keeps its range', async () => {
    const data = Uint16Array.from({ length: 1000 }, (_, i) => 2000 + i);
    const frame = await decodeImage(
      encode({ width: 100, height: 10, channels: 1, depth: 16, data }),
      'x.png',
    );
    assert.match(frame.intensity, /^percentiles 0.5 to 99.5 of the image \(2004 to 2994\)$/);
    assert.deepEqual([frame.pixels[0], frame.pixels[999]], [0, 255]);
    const colour = Uint16Array.of(0, 32768, 65535);
    await expectRgb(
      encode({ width: 1, height: 1, channels: 3, depth: 16, data: colour }),
      1,
      1,
      [0, 128, 255],
    );
  });

  it('refuses a size that its bytes cannot hold, and data that grows beyond its size', async () => {
    const huge = writePng({ width: 60000, height: 60000, depth: 8, colourType: 2, rows: [[0]] });
    await assert.rejects(decodeImage(huge, 'huge.png'), { code: 'IMAGE_INVALID', message: /cannot hold/ });
    let state = 1;
    const noise = Array.from(
      { length: 2 ** 18 },
      () => (state = Math.imul(state, 1664525) + 1013904223) >>> 24,
    );
    const bomb = writePng({ width: 5, height: 1, depth: 8, colourType: 0, rows: [noise] });
    await assert.rejects(decodeImage(bomb, 'bomb.png'), { code: 'IMAGE_INVALID', message: /grows beyond/ });
  });
});

describe('JPEG', () => {
  it('decodes grey and colour to within its loss', async () => {
    const bytes = Uint8Array.from({ length: 32 * 32 }, (_, i) => 4 * (i % 32) + 2 * Math.floor(i / 32));
    const grey = await decodeImage(
      await encodeJpeg({ width: 32, height: 32, components: 1, bits: 8, bytes }),
      'x.jpg',
    );
    assert.equal(grey.channels, 1);
    grey.pixels.forEach((value, i) => assert.ok(Math.abs(value - (bytes[i] ?? 0)) <= 4));
    const red = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i % 3 === 0 ? 220 : 30));
    const colour = await decodeImage(
      await encodeJpeg({ width: 32, height: 32, components: 3, bits: 8, bytes: red }),
      'x.jpg',
    );
    assert.equal(colour.channels, 3);
    colour.pixels.forEach((value, i) => assert.ok(Math.abs(value - (red[i] ?? 0)) <= 4));
  });
});

describe('TIFF', () => {
  const base = { width: 3, height: 2 };
  it('reads 1, 8 and 16 bits, white or black as zero', async () => {
    const eight = Uint8Array.of(0, 50, 100, 150, 200, 255);
    await expectGrey(writeTiff({ ...base, bits: 8, photometric: 1, data: eight }), 3, 2, [...eight]);
    await expectGrey(
      writeTiff({ ...base, bits: 8, photometric: 0, data: eight }),
      3,
      2,
      Array.from(eight, (v) => 255 - v),
    );
    const one = Uint8Array.of(0b10100000, 0b01000000);
    await expectGrey(
      writeTiff({ ...base, bits: 1, photometric: 1, data: one }),
      3,
      2,
      [255, 0, 255, 0, 255, 0],
    );
    // Without a word on it, a sample has one bit.
    const unsaid = writeTiff({ ...base, bits: 1, photometric: 1, data: one, without: [258] });
    await expectGrey(unsaid, 3, 2, [255, 0, 255, 0, 255, 0]);
    const sixteen = Uint8Array.of(0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255);
    await expectGrey(
      writeTiff({ ...base, bits: 16, photometric: 1, data: sixteen }),
      3,
      2,
      [0, 255, 0, 255, 0, 255],
    );
  });

  it('reads RGB, palettes and deflate', async () => {
    const rgb = Uint8Array.from({ length: 18 }, (_, i) => i * 10);
    for (const compression of [1, 8] as const) {
      await expectRgb(
        writeTiff({ ...base, bits: 8, samples: 3, photometric: 2, compression, data: rgb }),
        3,
        2,
        [...rgb],
      );
    }
    const palette = new Array<number>(768).fill(0);
    palette[1] = 65535;
    const indices = Uint8Array.of(0, 1, 0, 1, 0, 1);
    await expectRgb(
      writeTiff({ ...base, bits: 8, photometric: 3, palette, data: indices }),
      3,
      2,
      [...indices].flatMap((index) => [index * 255, 0, 0]),
    );
  });

  it('names what it does not read', async () => {
    const data = new Uint8Array(24);
    for (const [options, message] of [
      [{ bits: 8, photometric: 6 }, /colour space 6/],
      [{ bits: 4, photometric: 1 }, /4 bits/],
      [{ bits: 8, photometric: 1, extra: [[274, 6]] }, /turned/],
      [{ bits: 16, photometric: 1, extra: [[339, 2]] }, /signed/],
      [{ bits: 8, samples: 3, photometric: 2, extra: [[284, 2]] }, /separate/],
    ] as const) {
      await assert.rejects(decodeImage(writeTiff({ ...base, data, ...options }), 'x.tif'), {
        code: 'IMAGE_UNSUPPORTED',
        message,
      });
    }
  });
});

describe('GIF', () => {
  const greys = [4, 4, 4, 252, 252, 252, 0, 0, 0, 0, 0, 0];
  it('reads the first image, interlaced or not', async () => {
    const rows = Array.from({ length: 11 }, (_, y) => Array.from({ length: 5 }, (_, x) => (x + y) % 2));
    const expected = rows.flat().map((index) => (index ? 252 : 4));
    await expectGrey(writeGif(5, 11, rows.flat(), greys), 5, 11, expected);
    const order = [0, 8, 4, 2, 6, 10, 1, 3, 5, 7, 9];
    const stored = order.flatMap((y) => rows[y] ?? []);
    await expectGrey(writeGif(5, 11, stored, greys, true), 5, 11, expected);
  });

  it('reads colours, and refuses data that ends early', async () => {
    const colours = [255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0];
    await expectRgb(writeGif(2, 1, [0, 1], colours), 2, 1, [255, 0, 0, 0, 0, 255]);
    const cut = writeGif(2, 1, [0], colours);
    await assert.rejects(decodeImage(cut, 'x.gif'), { code: 'IMAGE_INVALID' });
    const whole = writeGif(2, 1, [0, 1], colours);
    for (let length = 6; length < whole.length - 1; length++) {
      await assert.rejects(decodeImage(whole.subarray(0, length), 'x.gif'), { code: 'IMAGE_INVALID' });
    }
  });

  const write = (width: number, height: number, draw: (gif: GifWriter) => void) => {
    const out = new Uint8Array(2 ** 16);
    const gif = new GifWriter(out, width, height);
    draw(gif);
    return out.subarray(0, gif.end());
  };
  const greyPalette = Array.from({ length: 256 }, (_, i) => i * 0x010101);

  it('reads what is compressed, from noise to flat', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 90 }),
        fc.constantFrom(2, 4, 16, 256),
        fc.infiniteStream(fc.nat()),
        async (width, height, colours, noise) => {
          const [flatness = 0] = noise.take(1);
          const pixels: number[] = [];
          for (const n of noise.take(width * height))
            pixels.push(n % 16 < flatness % 17 ? (pixels.at(-1) ?? 0) : n % colours);
          const palette = greyPalette.slice(0, colours);
          const file = write(width, height, (gif) => gif.addFrame(0, 0, width, height, pixels, { palette }));
          await expectGrey(file, width, height, pixels);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('lays what is transparent, and what the first image leaves free, over black', async () => {
    const palette = [0xff0000, 0x0000ff];
    const file = write(3, 2, (gif) => {
      gif.addFrame(1, 0, 2, 1, [0, 1], { palette, transparent: 1 });
      gif.addFrame(0, 0, 3, 2, [1, 1, 1, 1, 1, 1], { palette });
    });
    await expectRgb(file, 3, 2, [0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('refuses codes that are used before they are defined, and colours beyond the palette', async () => {
    const good = writeGif(2, 1, [0, 1], greys);
    const data = good.length - 6;
    // Codes of three bits: 4 clears, 5 ends, 6 is the first to be defined.
    for (const [codes, reason] of [
      [[4, 6, 0, 6, 5], /damaged GIF file \(its image data is damaged\)/],
      [[4, 7, 5], /its image data is damaged/],
      [[4, 0, 5], /ends early/],
      [[4, 0, 6, 5], /3 of 2 pixels/],
    ] as const) {
      const bits = codes.reduce<number>((sum, code, i) => sum | (code << (3 * i)), 0);
      const bad = Uint8Array.from([
        ...good.subarray(0, good.lastIndexOf(2, data) + 1),
        2,
        bits & 255,
        bits >> 8,
        0,
        0x3b,
      ]);
      await assert.rejects(decodeImage(bad, 'x.gif'), { code: 'IMAGE_INVALID', message: reason });
    }
    const palette = [0, 0, 0, 255, 255, 255];
    await assert.rejects(decodeImage(writeGif(2, 1, [0, 3], palette), 'x.gif'), {
      code: 'IMAGE_INVALID',
      message: /colour 3 of a palette of 2/,
    });
  });

  it('refuses interlaced images that its library would scramble', async () => {
    for (const height of [2, 3, 4]) {
      const file = writeGif(1, height, new Array<number>(height).fill(0), greys, true);
      await assert.rejects(decodeImage(file, 'x.gif'), {
        code: 'IMAGE_UNSUPPORTED',
        message: /fewer than 5/,
      });
    }
    for (const height of [5, 6, 7, 8, 9]) {
      const order = [...Array(height).keys()].sort((a, b) => pass(a) - pass(b) || a - b);
      const file = writeGif(
        1,
        height,
        order.map((y) => y % 2),
        greys,
        true,
      );
      await expectGrey(
        file,
        1,
        height,
        [...Array(height).keys()].map((y) => (y % 2 ? 252 : 4)),
      );
    }
  });
  const pass = (y: number) => (y % 8 === 0 ? 0 : y % 8 === 4 ? 1 : y % 4 === 2 ? 2 : 3);
});

describe('BMP', () => {
  it('reads 1, 8, 24 and 32 bits, from the bottom or the top', async () => {
    const grey = [0, 0, 0, 0, 255, 255, 255, 0];
    await expectGrey(writeBmp(3, 2, 1, [[0b10100000], [0b01000000]], grey), 3, 2, [255, 0, 255, 0, 255, 0]);
    const colours = [10, 20, 30, 0, 40, 50, 60, 0];
    await expectRgb(writeBmp(2, 1, 8, [[0, 1]], colours), 2, 1, [30, 20, 10, 60, 50, 40]);
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    await expectRgb(writeBmp(1, 2, 24, rows), 1, 2, [3, 2, 1, 6, 5, 4]);
    await expectRgb(writeBmp(1, 2, 24, rows, [], true), 1, 2, [3, 2, 1, 6, 5, 4]);
    await expectRgb(writeBmp(1, 1, 32, [[1, 2, 3, 9]]), 1, 1, [3, 2, 1]);
  });
});

describe('PNM', () => {
  const file = (header: string, ...data: number[]) => Uint8Array.from([...Buffer.from(header), ...data]);
  it('reads plain and binary bitmaps, greys and colours', async () => {
    await expectGrey(file('P1 # bits\n3 1\n1 01'), 3, 1, [0, 255, 0]);
    await expectGrey(file('P4\n3 1\n', 0b10100000), 3, 1, [0, 255, 0]);
    await expectGrey(file('P2\n2 2\n10\n0 5\n10 10\n'), 2, 2, [0, 128, 255, 255]);
    await expectGrey(file('P5\n2 1\n255\n', 7, 200), 2, 1, [7, 200]);
    await expectGrey(file('P5 1 1 1023\n', 0x01, 0xff), 1, 1, [127]);
    await expectRgb(file('P6\n1 1\n255\n', 1, 2, 3), 1, 1, [1, 2, 3]);
    await expectRgb(file('P3 1 1 255 1 2 3'), 1, 1, [1, 2, 3]);
  });

  it('refuses values above the largest and pixels that are missing', async () => {
    await assert.rejects(decodeImage(file('P5\n1 1\n100\n', 101), 'x.pgm'), { code: 'IMAGE_INVALID' });
    await assert.rejects(decodeImage(file('P5\n9 9\n255\n', 1), 'x.pgm'), { code: 'IMAGE_INVALID' });
    await assert.rejects(decodeImage(file('P2\n2 1\n9\n1'), 'x.pgm'), { code: 'IMAGE_INVALID' });
  });
});

describe('files by content', () => {
  it('are told apart whatever they are called', async () => {
    const png = encode({ width: 2, height: 1, channels: 1, depth: 8, data: Uint8Array.of(1, 2) });
    const asJpeg = await decodeAny(png, 'photo.jpg');
    assert.deepEqual([asJpeg.frameCount, asJpeg.dicom], [1, undefined]);
    const dicom = await decodeAny(
      writeImage({ rows: 1, columns: 2, frames: 2, pixels: Uint8Array.of(1, 2, 3, 4) }),
      'IM0001',
    );
    assert.equal(dicom.frameCount, 2);
    assert.deepEqual([...(await dicom.frame(2)).pixels], [3, 4]);
    assert.equal(dicom.dicom?.identity.modality, 'XA');
  });

  it('are refused by name where they cannot be read', async () => {
    const webp = Uint8Array.from(Buffer.from('RIFF\x10\0\0\0WEBPVP8 '));
    await assert.rejects(decodeAny(webp, 'x.png'), {
      code: 'IMAGE_UNSUPPORTED',
      message: /x\.png: WebP.*PNG/,
    });
    await assert.rejects(decodeAny(Uint8Array.from(Buffer.from('hello')), 'a.txt'), {
      code: 'IMAGE_UNSUPPORTED',
    });
    await assert.rejects(decodeAny(new Uint8Array(0), 'empty.png'), {
      code: 'IMAGE_INVALID',
      message: /empty/,
    });
  });
});
