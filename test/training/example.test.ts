import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { normaliseInside, samInput, squareGeometry } from '../../src/imaging/geometry.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { AUGMENTATIONS, augmentationSchema } from '../../src/training/augmentation.ts';
import type { Augmentation } from '../../src/training/augmentation.ts';
import { drawExample } from '../../src/training/example.ts';
import type { ExampleOptions, ExampleTarget } from '../../src/training/example.ts';
import { loadSample } from '../../src/training/loaded-sample.ts';
import type { LoadedSample } from '../../src/training/loaded-sample.ts';
import type { Frame, Mask } from '../../src/imaging/frame.ts';
import { greyFrame } from './toy-task.ts';

const WORD = 'disc';
const NATIVE = { side: 24, crop: 'native', normalisation: 'frame' } as const;

async function load(frame: Frame, mask: Mask, fieldOfView?: Mask): Promise<LoadedSample> {
  const sample = {
    id: 'made',
    loadFrame: () => Promise.resolve(frame),
    masks: new Map([[WORD, () => Promise.resolve(mask)]]),
    ...(fieldOfView && { loadFieldOfView: () => Promise.resolve(fieldOfView) }),
  };
  return loadSample(sample, [WORD]);
}

function drawn(
  sample: LoadedSample,
  options: ExampleOptions,
  seed: number,
): ExampleTarget & { mask: Float32Array } {
  const { side } = options;
  const mask = new Float32Array(side * side);
  const target = {
    image: new Float32Array(3 * side * side),
    masks: [mask],
    valid: new Float32Array(side * side),
  };
  drawExample(sample, [0], options, createRandom(seed), target);
  return { ...target, mask };
}

function maskWhere(width: number, height: number, inside: (x: number, y: number) => boolean): Mask {
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height }, (_, i) =>
      inside(i % width, Math.floor(i / width)) ? 1 : 0,
    ),
  };
}

/** A frame that is bright exactly where its mask is. */
async function marked(
  width: number,
  height: number,
  inside: (x: number, y: number) => boolean,
): Promise<LoadedSample> {
  const mask = maskWhere(width, height, inside);
  return load(
    greyFrame(
      width,
      height,
      Float32Array.from(mask.data, (bit) => 255 * bit),
    ),
    mask,
  );
}

const GEOMETRY_ONLY: Augmentation = { ...AUGMENTATIONS.vessels, gain: 0, offset: 0, logGamma: 0 };

describe('drawExample', () => {
  it('moves image and mask together: bright is where the mask is, at any view', async () => {
    const sample = await marked(40, 28, (x, y) => Math.hypot(x - 25, y - 9) < 7);
    for (const [crop, frameSize] of [
      ['native', 24],
      ['frame', 24],
      ['frame', 48],
    ] as const) {
      for (const augmentation of [GEOMETRY_ONLY, { ...AUGMENTATIONS.published, brightness: undefined }]) {
        for (let seed = 0; seed < 40; seed++) {
          const { image, mask, valid } = drawn(
            sample,
            { side: 24, frameSize, crop, normalisation: 'sam', augmentation },
            seed,
          );
          // SAM's mean of red is 123.7: above it lies what is mostly bright. Edges are interpolated.
          let disagree = 0;
          for (let i = 0; i < mask.length; i++) {
            if (valid[i] === 1 && (image[i] ?? 0) > 0 !== (mask[i] === 1)) disagree++;
          }
          const area = mask.reduce((sum, bit) => sum + bit, 0);
          assert.ok(area > 0, `seed ${seed}: the structure is in view`);
          assert.ok(disagree <= 0.06 * mask.length, `${crop}, seed ${seed}: ${disagree} pixels differ`);
        }
      }
    }
  });

  it('counts nothing outside the part of the frame that was painted, and shows it all the same', async () => {
    const sample = await marked(40, 28, (x, y) => Math.hypot(x - 12, y - 9) < 5);
    const region = { left: 4, top: 2, width: 16, height: 14 };
    for (const augmentation of [AUGMENTATIONS.none, GEOMETRY_ONLY]) {
      for (const [crop, side] of [
        ['frame', 40],
        ['native', 24],
      ] as const) {
        for (let seed = 0; seed < 10; seed++) {
          const options = { side, crop, normalisation: 'sam', augmentation } as const;
          const whole = drawn(sample, options, seed);
          const part = drawn({ ...sample, region }, options, seed);
          assert.deepEqual(part.image, whole.image);
          assert.deepEqual(part.mask, whole.mask);
          const lost = part.mask.filter((value, i) => value === 1 && part.valid[i] === 0);
          assert.equal(lost.length, 0, 'the structure lies inside the region');
          const more = part.valid.filter((value, i) => value > (whole.valid[i] ?? 0));
          assert.equal(more.length, 0);
        }
      }
    }
    const { valid } = drawn(
      { ...sample, region },
      { side: 40, crop: 'frame', normalisation: 'sam', augmentation: AUGMENTATIONS.none },
      1,
    );
    assert.equal(
      valid.reduce((sum, value) => sum + value, 0),
      16 * 14,
    );
  });

  it('always shows something that counts, and the structure where that counts, however small it is', async () => {
    const bottom = maskWhere(100, 100, (x, y) => x >= 96 && y >= 96);
    const region = { left: 96, top: 96, width: 4, height: 4 };
    for (const [x, y] of [
      [98, 98],
      [10, 10],
      [-99, -99],
    ] as const) {
      const sample = await marked(100, 100, (u, v) => Math.hypot(u - x, v - y) < 6);
      for (const part of [{ region }, { fieldOfView: bottom }]) {
        const options = { ...NATIVE, augmentation: GEOMETRY_ONLY };
        for (let seed = 0; seed < 30; seed++) {
          const { valid, mask } = drawn({ ...sample, ...part }, options, seed);
          assert.ok(valid.includes(1), `seed ${seed}: nothing counts`);
          if (x === 98) assert.ok(mask.includes(1), `seed ${seed}: the structure is out of view`);
        }
      }
    }
  });

  it('shows the structure of a long, narrow frame at any rotation', async () => {
    for (const [width, height] of [
      [256, 40],
      [40, 256],
    ] as const) {
      const sample = await marked(width, height, (x, y) => Math.hypot(x - 6, y - 6) < 4);
      for (const frameSize of [64, 128]) {
        const options = { side: 64, frameSize, crop: 'frame', normalisation: 'sam' } as const;
        for (let seed = 0; seed < 200; seed++) {
          const { valid, mask } = drawn(sample, { ...options, augmentation: GEOMETRY_ONLY }, seed);
          const told = `${width} x ${height} at ${frameSize}, seed ${seed}`;
          assert.ok(valid.includes(1), `${told}: nothing counts`);
          assert.ok(mask.includes(1), `${told}: the structure is out of view`);
        }
      }
    }
  });

  it('is refused of a frame of which nothing counts', async () => {
    const all = maskWhere(10, 10, () => true);
    await assert.rejects(
      load(
        greyFrame(10, 10, new Float32Array(100)),
        all,
        maskWhere(10, 10, () => false),
      ),
      { code: 'DATASET_INVALID', message: /frame made counts/ },
    );
  });

  it('shows the frame as inference does when nothing is augmented', async () => {
    const random = createRandom(3);
    const pixels = Float32Array.from({ length: 24 * 16 }, () => 255 * random.uniform());
    const frame = greyFrame(24, 16, pixels);
    const sample = await load(
      frame,
      maskWhere(24, 16, () => true),
    );
    const augmentation = AUGMENTATIONS.none;
    const square = drawn(sample, { side: 24, crop: 'frame', normalisation: 'sam', augmentation }, 1);
    samInput(squareGeometry(24, 16, 24), frame).forEach((value, i) => {
      assert.ok(Math.abs(value - (square.image[i] ?? NaN)) < 1e-4, `pixel ${i}`);
    });
    const counted = square.valid.reduce((sum, value) => sum + value, 0);
    assert.equal(counted, 24 * 16, 'padding does not count');

    const side = 16;
    const whole = await load(
      greyFrame(side, side, pixels.slice(0, 256)),
      maskWhere(side, side, () => true),
    );
    const native = drawn(whole, { side, crop: 'native', normalisation: 'frame', augmentation }, 1);
    normaliseInside(whole.image, 3).forEach((value, i) => {
      assert.ok(Math.abs(value - (native.image[i] ?? NaN)) < 1e-4, `pixel ${i}`);
    });
  });

  it('shows a tile of a larger frame, anywhere inside it', async () => {
    const options = { side: 32, frameSize: 80, crop: 'frame', normalisation: 'sam' } as const;
    const corners = [
      [0, 0],
      [39, 27],
    ] as const;
    for (const [cornerX, cornerY] of corners) {
      const inCorner = (x: number, y: number): boolean => Math.hypot(x - cornerX, y - cornerY) < 9;
      const mask = maskWhere(40, 28, () => true);
      const bright = Float32Array.from(mask.data, (_, i) => (inCorner(i % 40, Math.floor(i / 40)) ? 255 : 0));
      const sample = await load(greyFrame(40, 28, bright), mask);
      let most = 0;
      for (let seed = 0; seed < 30; seed++) {
        const { image, valid } = drawn(sample, { ...options, augmentation: AUGMENTATIONS.none }, seed);
        assert.ok(!valid.includes(0), `seed ${seed}: all of it is frame`);
        most = Math.max(most, image.subarray(0, 32 * 32).filter((value) => value > 0).length);
      }
      // A quarter of a disc of nine pixels, and twice as large: 254.
      assert.ok(most > 150 && most < 300, `${most} pixels of what lies in the corner`);
    }
  });

  it('shows all of a frame across which a tile reaches, from its edge', async () => {
    const frame = await marked(40, 10, () => true);
    const options = { side: 16, frameSize: 40, crop: 'frame', normalisation: 'sam' } as const;
    const { valid } = drawn(frame, { ...options, augmentation: AUGMENTATIONS.none }, 1);
    assert.deepEqual(
      [...valid],
      Array.from({ length: 256 }, (_, i) => Number(i < 160)),
    );
  });

  it('gives equal examples for equal seeds', async () => {
    const sample = await marked(40, 40, (x, y) => x > y);
    const options = { ...NATIVE, augmentation: AUGMENTATIONS.vessels };
    assert.deepEqual(drawn(sample, options, 5), drawn(sample, options, 5));
    assert.notDeepEqual(drawn(sample, options, 5), drawn(sample, options, 6));
  });

  it('always shows some of the structure, however small and wherever it is', async () => {
    for (const [cx, cy] of [
      [0, 0],
      [99, 50],
      [70, 99],
    ] as const) {
      const sample = await marked(100, 100, (x, y) => Math.hypot(x - cx, y - cy) < 4);
      const options = { ...NATIVE, augmentation: GEOMETRY_ONLY };
      for (let seed = 0; seed < 50; seed++) {
        assert.ok(drawn(sample, options, seed).mask.includes(1), `seed ${seed} at ${cx}, ${cy}`);
      }
    }
  });

  it('takes an empty mask for a lesson, not for an error', async () => {
    const sample = await marked(30, 30, () => false);
    const options = { ...NATIVE, augmentation: AUGMENTATIONS.vessels };
    const { mask, valid } = drawn(sample, options, 1);
    assert.ok(!mask.includes(1));
    assert.ok(valid.includes(1));
  });

  it('counts pixels of the frame inside its field of view only, and zeroes those outside the frame', async () => {
    const fieldOfView = maskWhere(10, 10, (x) => x >= 4);
    const frame = greyFrame(10, 10, new Float32Array(100).fill(50).fill(200, 0, 50));
    const sample = await load(
      frame,
      maskWhere(10, 10, () => true),
      fieldOfView,
    );
    const options = {
      side: 20,
      crop: 'native',
      normalisation: 'frame',
      augmentation: AUGMENTATIONS.none,
    } as const;
    const { valid, image } = drawn(sample, options, 1);
    assert.equal(
      valid.reduce((sum, value) => sum + value, 0),
      60,
    );
    const shown = image.subarray(0, 400).filter((value) => value !== 0).length;
    assert.equal(
      shown,
      100,
      'what lies outside the field of view is shown, what lies outside the frame is zero',
    );
  });

  it('normalises by the inside of the field of view, whatever the gamma', async () => {
    const random = createRandom(8);
    const pixels = Float32Array.from({ length: 32 * 32 * 3 }, () => Math.round(40 + 150 * random.uniform()));
    const inside = maskWhere(32, 32, (x, y) => Math.hypot(x - 16, y - 16) < 14);
    for (let i = 0; i < 1024; i++) if (inside.data[i] === 0) pixels.fill(0, 3 * i, 3 * i + 3);
    const sample = await load({ ...greyFrame(32, 32, pixels), channels: 3 }, inside, inside);
    const augmentation = augmentationSchema.parse({ logGamma: 0.5 });
    for (let seed = 0; seed < 5; seed++) {
      const { image, valid } = drawn(
        sample,
        { side: 32, crop: 'native', normalisation: 'frame', augmentation },
        seed,
      );
      for (let plane = 0; plane < 3; plane++) {
        const values = image.subarray(plane * 1024, (plane + 1) * 1024).filter((_, i) => valid[i] === 1);
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
        assert.ok(Math.abs(mean) < 1e-3, `mean ${mean}`);
        assert.ok(Math.abs(deviation - 1) < 1e-3, `deviation ${deviation}`);
      }
    }
  });

  it('keeps the channels of a grey frame equal', async () => {
    const sample = await marked(30, 30, (x) => x > 12);
    const options = {
      side: 16,
      crop: 'native',
      normalisation: 'frame',
      augmentation: AUGMENTATIONS.vessels,
    } as const;
    const { image } = drawn(sample, options, 2);
    assert.deepEqual(image.slice(0, 256), image.slice(256, 512));
    assert.deepEqual(image.slice(0, 256), image.slice(512));
  });

  it('takes frames of any size, down to one pixel', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 70 }),
        fc.constantFrom('native' as const, 'frame' as const),
        fc.nat(),
        async (width, height, crop, seed) => {
          const sample = await marked(width, height, () => true);
          for (const augmentation of [AUGMENTATIONS.vessels, AUGMENTATIONS.published]) {
            const { image, valid, mask } = drawn(
              sample,
              { side: 16, crop, normalisation: 'frame', augmentation },
              seed,
            );
            assert.ok(image.every(Number.isFinite));
            mask.forEach((bit, i) => assert.ok(bit === (valid[i] ?? NaN), 'the mask is where the frame is'));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('does not flicker when a large frame is shown small', async () => {
    // Stripes of one pixel: their mean is grey at any phase, while a bare sample of them is black or white.
    const stripes = greyFrame(
      128,
      128,
      Float32Array.from({ length: 128 * 128 }, (_, i) => (i % 2) * 255),
    );
    const sample = await load(
      stripes,
      maskWhere(128, 128, () => true),
    );
    const options = {
      side: 16,
      crop: 'frame',
      normalisation: 'sam',
      augmentation: AUGMENTATIONS.none,
    } as const;
    const red = drawn(sample, options, 1).image.subarray(0, 256);
    const grey = (127.5 - 123.675) / 58.395;
    red.forEach((value) => assert.ok(Math.abs(value - grey) < 0.1, String(value)));
  });
});
