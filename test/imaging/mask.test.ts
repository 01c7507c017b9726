import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encode } from 'fast-png';
import { decodeImage } from '../../src/imaging/files/image.ts';
import {
  encodeFramePng,
  encodeMaskPng,
  maskFromImage,
  maskOfRegion,
  resizeMask,
} from '../../src/imaging/mask.ts';
import { encodeJpeg } from './encoders.ts';
import { writeGif, writePng } from './file-writers.ts';

const grey = (depth: 8 | 16, ...values: number[]) =>
  encode({
    width: values.length,
    height: 1,
    channels: 1,
    depth,
    data: depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values),
  });
const rgb = (...colours: [number, number, number][]) =>
  encode({
    width: colours.length,
    height: 1,
    channels: 3,
    depth: 8,
    data: Uint8Array.from(colours.flat()),
  });
const bits = async (bytes: Uint8Array) => [...(await maskFromImage(bytes, 'mask')).data];

describe('the mask of a region', () => {
  const size = { width: 4, height: 3 };
  const region = { left: 1, top: 1, width: 2, height: 2 };

  it('is 1 inside it', () => {
    assert.deepEqual([...(maskOfRegion(size, region)?.data ?? [])], [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0]);
  });

  it('is cut to a field of view, which alone stays as it is', () => {
    const inside = { ...size, data: Uint8Array.of(1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1) };
    assert.deepEqual(
      [...(maskOfRegion(size, region, inside)?.data ?? [])],
      [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
    );
    assert.equal(maskOfRegion(size, undefined, inside), inside);
    assert.equal(maskOfRegion(size, undefined), undefined);
  });
});

describe('masks from images', () => {
  it('begin at half of the range: 128 of 255, 32768 of 65535, 1 of 1', async () => {
    assert.deepEqual(await bits(grey(8, 0, 127, 128, 255)), [0, 0, 1, 1]);
    assert.deepEqual(await bits(grey(16, 0, 32767, 32768, 65535)), [0, 0, 1, 1]);
    assert.deepEqual(
      await bits(writePng({ width: 2, height: 1, depth: 1, colourType: 0, rows: [[0b01000000]] })),
      [0, 1],
    );
  });

  it('read the near-black and near-white of palettes as black and white', async () => {
    const palette = [4, 4, 4, 252, 252, 252, 0, 0, 0, 0, 0, 0];
    assert.deepEqual(await bits(writeGif(4, 1, [0, 1, 1, 0], palette)), [0, 1, 1, 0]);
  });

  it('go by luminance where one bright colour is drawn on black, at its smooth edges too', async () => {
    assert.deepEqual(await bits(rgb([0, 0, 0], [0, 255, 0], [0, 128, 0], [20, 20, 20])), [0, 1, 0, 0]);
    assert.deepEqual(await bits(rgb([128, 128, 128], [127, 127, 127], [255, 255, 255])), [1, 0, 1]);
  });

  it('that count instead of using the range are refused, not read as empty', async () => {
    await assert.rejects(maskFromImage(grey(8, 0, 1, 0), 'labels.png'), {
      code: 'DATASET_INVALID',
      message: /labels\.png.*1 of 255.*from 128 on/,
    });
    assert.deepEqual(await bits(grey(8, 0, 0, 0)), [0, 0, 0]);
  });

  it('that stop short of half of the range are refused as well', async () => {
    for (const [depth, value, white] of [
      [16, 1, 65_535],
      [16, 255, 65_535],
      [8, 100, 255],
      [8, 127, 255],
    ] as const) {
      await assert.rejects(maskFromImage(grey(depth, 0, value, 0), 'dim.png'), {
        code: 'DATASET_INVALID',
        message: new RegExp(`dim\\.png.*highest value is ${value} of ${white}`, 'u'),
      });
    }
    const blue = rgb([0, 0, 0], [0, 0, 255]);
    await assert.rejects(maskFromImage(blue, 'blue.png'), { code: 'DATASET_INVALID' });
  });

  it('may be empty but for the noise of lossy images, or for the near-black of a palette', async () => {
    const side = 16;
    const bytes = Uint8Array.from({ length: side * side * 3 }, (_, i) => (Math.floor(i / 3) * 7) % 21);
    const jpeg = await encodeJpeg({ width: side, height: side, components: 3, bits: 8, bytes });
    const { pixels } = await decodeImage(jpeg, 'noise.jpg');
    assert.ok(Math.max(...pixels) > 9);
    assert.deepEqual(await bits(jpeg), new Array(side * side).fill(0));
    assert.deepEqual(await bits(grey(16, 0, 0)), [0, 0]);
    assert.deepEqual(await bits(grey(8, 4, 4)), [0, 0]);
  });
});

describe('masks as PNG', () => {
  it('come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.uint8Array({ min: 0, max: 1, minLength: 1, maxLength: 300 }),
        async (width, data) => {
          const height = Math.ceil(data.length / width);
          const padded = new Uint8Array(width * height);
          padded.set(data);
          const mask = { width, height, data: padded };
          assert.deepEqual(await maskFromImage(encodeMaskPng(mask), 'mask.png'), mask);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('stand beside frames and maps, rounded and clipped', async () => {
    const map = await decodeImage(
      encodeFramePng({ width: 2, height: 2, channels: 1, pixels: Float32Array.of(-3, 0.4, 99.6, 300) }),
      'map.png',
    );
    assert.deepEqual([...map.pixels], [0, 0, 100, 255]);
    const rgb = {
      width: 1,
      height: 1,
      channels: 3 as const,
      pixels: Float32Array.of(1, 2, 3),
      source: { file: '', frameNumber: 1 },
      intensity: '',
    };
    assert.deepEqual([...(await decodeImage(encodeFramePng(rgb), 'rgb.png')).pixels], [1, 2, 3]);
  });
});

describe('resizeMask', () => {
  it('keeps the structure where half of a pixel is covered', () => {
    const data = Uint8Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 1 : 0));
    const half = resizeMask({ width: 8, height: 8, data }, 4, 4);
    assert.deepEqual([...half.data], new Array(4).fill([1, 1, 0, 0]).flat());
    assert.throws(() => resizeMask({ width: 8, height: 8, data }, 4, 5), { code: 'INVALID_ARGUMENT' });
  });
});
