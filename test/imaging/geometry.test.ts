import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  compose,
  cropMask,
  cropRaster,
  fromSquare,
  invert,
  maskFromSquare,
  maskToSquare,
  normaliseInside,
  pointFromSquare,
  pointToSquare,
  resizeBilinear,
  rotation,
  samInput,
  scaling,
  squareGeometry,
  translation,
  warpBilinear,
  warpMask,
  warpMaskSmooth,
} from '../../src/imaging/geometry.ts';
import type { Mask } from '../../src/imaging/frame.ts';
import type { Raster } from '../../src/imaging/geometry.ts';

const grey = (width: number, height: number, value: (x: number, y: number) => number): Raster => ({
  width,
  height,
  channels: 1,
  pixels: Float32Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width))),
});

const sides = { width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) };

const masks = fc
  .record(sides)
  .chain(({ width, height }) =>
    fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: width * height, maxLength: width * height })
      .map((bits): Mask => ({ width, height, data: Uint8Array.from(bits) })),
  );

/** Distance in whole pixels (chessboard) from each pixel to the nearest pixel of the other value. */
function distanceToEdge(mask: Mask, x: number, y: number): number {
  const own = mask.data[y * mask.width + x];
  for (let reach = 1; reach <= Math.max(mask.width, mask.height); reach++) {
    for (let v = Math.max(0, y - reach); v <= Math.min(mask.height - 1, y + reach); v++) {
      for (let u = Math.max(0, x - reach); u <= Math.min(mask.width - 1, x + reach); u++) {
        if (mask.data[v * mask.width + u] !== own) return reach;
      }
    }
  }
  return Infinity;
}

describe('resizeBilinear', () => {
  it('leaves a constant image constant at any size', () => {
    fc.assert(
      fc.property(
        fc.record({ ...sides, w: fc.integer({ min: 1, max: 60 }), h: fc.integer({ min: 1, max: 60 }) }),
        ({ width, height, w, h }) => {
          for (const antialias of [true, false]) {
            const out = resizeBilinear(
              grey(width, height, () => 7),
              w,
              h,
              { antialias },
            );
            assert.equal(out.pixels.length, w * h);
            for (const value of out.pixels) assert.ok(Math.abs(value - 7) < 1e-4);
          }
        },
      ),
    );
  });

  it('agrees with values worked out by hand', () => {
    const line = { width: 4, height: 1, channels: 1, pixels: Float32Array.of(0, 10, 20, 30) };
    assert.deepEqual([...resizeBilinear(line, 8, 1).pixels], [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]);
    // Halving, no anti-aliasing: the mean of two. With it: triangle weights 1/8 3/8 3/8 1/8, shared out at the ends.
    assert.deepEqual([...resizeBilinear(line, 2, 1, { antialias: false }).pixels], [5, 25]);
    const smooth = resizeBilinear(line, 2, 1).pixels;
    assert.ok(Math.abs((smooth[0] ?? 0) - (0 * 3 + 10 * 3 + 20) / 7) < 1e-5);
  });

  it('keeps interleaved channels apart', () => {
    const two = { width: 2, height: 2, channels: 2, pixels: Float32Array.of(1, 8, 1, 8, 1, 8, 1, 8) };
    const out = resizeBilinear(two, 3, 5).pixels;
    for (let i = 0; i < out.length; i += 2) {
      assert.ok(Math.abs((out[i] ?? 0) - 1) < 1e-5 && Math.abs((out[i + 1] ?? 0) - 8) < 1e-5);
    }
  });
});

describe('the square that a model sees', () => {
  it('returns every pixel of a mask to its place when the scale is a whole number', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 1, max: 4 }), (mask, factor) => {
        const geometry = squareGeometry(mask.width, mask.height, Math.max(mask.width, mask.height) * factor);
        const back = maskFromSquare(geometry, maskToSquare(geometry, mask), { threshold: 0.5 });
        assert.deepEqual(back, mask);
      }),
    );
  });

  it('moves no pixel further than the filter reaches, at any scale', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 8, max: 64 }), (mask, side) => {
        const geometry = squareGeometry(mask.width, mask.height, side);
        const back = maskFromSquare(geometry, maskToSquare(geometry, mask), { threshold: 0.5 });
        // Each of the two filters reaches one pixel of its coarser grid.
        const stepX = Math.max(1, mask.width / geometry.scaledWidth);
        const stepY = Math.max(1, mask.height / geometry.scaledHeight);
        const reach = Math.ceil(2 * Math.max(stepX, stepY));
        for (let y = 0; y < mask.height; y++) {
          for (let x = 0; x < mask.width; x++) {
            const i = y * mask.width + x;
            if (back.data[i] !== mask.data[i]) assert.ok(distanceToEdge(mask, x, y) <= reach);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('returns a ramp to its place: no shift of half a pixel anywhere', () => {
    for (const [width, height, side] of [
      [565, 584, 512],
      [101, 37, 64],
      [20, 33, 128],
    ] as const) {
      const geometry = squareGeometry(width, height, side);
      const ramp = { ...grey(width, height, (x, y) => x + 3 * y), channels: 1 };
      const square = new Float32Array(side * side);
      const scaled = resizeBilinear(ramp, geometry.scaledWidth, geometry.scaledHeight);
      for (let y = 0; y < scaled.height; y++) {
        square.set(scaled.pixels.subarray(y * scaled.width, (y + 1) * scaled.width), y * side);
      }
      const back = fromSquare(geometry, square);
      const margin = 3;
      let worst = 0;
      let sum = 0;
      for (let y = margin; y < height - margin; y++) {
        for (let x = margin; x < width - margin; x++) {
          const error = (back[y * width + x] ?? 0) - (x + 3 * y);
          worst = Math.max(worst, Math.abs(error));
          sum += error;
        }
      }
      // A sampled triangle of fractional width weighs its two sides unequally, by less than a tenth of a pixel
      // either way; half a pixel of shift would read 2 here, and in the mean as well.
      assert.ok(worst < 0.4, `a ramp came back ${worst} off`);
      assert.ok(Math.abs(sum / (width * height)) < 0.02);
    }
  });

  it('resizes and pads as ResizeLongestSide does', () => {
    assert.deepEqual(squareGeometry(565, 584, 1024), {
      width: 565,
      height: 584,
      side: 1024,
      scaledWidth: 991,
      scaledHeight: 1024,
    });
    const input = samInput(
      squareGeometry(4, 2, 4),
      grey(4, 2, () => 100),
    );
    assert.equal(input.length, 3 * 16);
    assert.ok(Math.abs((input[0] ?? 0) - (100 - 123.675) / 58.395) < 1e-6);
    assert.ok(Math.abs((input[16] ?? 0) - (100 - 116.28) / 57.12) < 1e-6);
    // Padding is zero after normalisation, not a normalised black.
    assert.deepEqual([...input.subarray(8, 16)], new Array(8).fill(0));
  });

  it('accepts logits on a coarser grid than the square', () => {
    const geometry = squareGeometry(64, 32, 64);
    const low = Float32Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 1 : -1));
    const mask = maskFromSquare(geometry, low, { threshold: 0, gridSide: 16 });
    for (let y = 0; y < 32; y++) {
      assert.equal(
        mask.data.subarray(y * 64, y * 64 + 64).reduce((sum, bit) => sum + bit, 0),
        32,
      );
    }
  });

  it('takes points there and back', () => {
    fc.assert(
      fc.property(
        fc.record(sides),
        fc.float({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 8, max: 64 }),
        ({ width, height }, share, side) => {
          const geometry = squareGeometry(width, height, side);
          const [x, y] = pointFromSquare(geometry, ...pointToSquare(geometry, share * width, share * height));
          assert.ok(Math.abs(x - share * width) < 1e-9 && Math.abs(y - share * height) < 1e-9);
        },
      ),
    );
  });

  it('refuses sizes that are not whole and a raster of another size', () => {
    assert.throws(() => squareGeometry(0, 3, 4), { code: 'INVALID_ARGUMENT' });
    assert.throws(
      () =>
        samInput(
          squareGeometry(4, 4, 8),
          grey(5, 4, () => 0),
        ),
      { code: 'INVALID_ARGUMENT' },
    );
    assert.throws(() => fromSquare(squareGeometry(4, 4, 8), new Float32Array(3)), {
      code: 'INVALID_ARGUMENT',
    });
  });
});

describe('warps', () => {
  it('leaves image and mask alone under the identity', () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const target = { width: mask.width, height: mask.height, toSource: compose() };
        const raster = { ...mask, channels: 1, pixels: Float32Array.from(mask.data) };
        assert.deepEqual(warpMask(mask, target), mask);
        assert.deepEqual(warpMaskSmooth(mask, target), mask);
        assert.deepEqual(warpBilinear(raster, target).pixels, raster.pixels);
      }),
    );
  });

  it('turns by a quarter and back without loss, image and mask together', () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const { width, height } = mask;
        // A quarter turn about the origin puts rows at negative x: bring them back.
        const turn = compose(translation(0, height - 1), rotation(-Math.PI / 2));
        const turned = warpMask(mask, { width: height, height: width, toSource: turn });
        const raster = { width, height, channels: 1, pixels: Float32Array.from(mask.data) };
        const image = warpBilinear(raster, { width: height, height: width, toSource: turn });
        for (let i = 0; i < turned.data.length; i++) {
          assert.ok(Math.abs((image.pixels[i] ?? 0) - (turned.data[i] ?? 0)) < 1e-5);
        }
        assert.deepEqual(warpMask(turned, { width, height, toSource: invert(turn) }), mask);
      }),
    );
  });

  it('fills what lies outside with the border value', () => {
    const target = { width: 3, height: 1, toSource: translation(-10, 0) };
    const warped = warpBilinear(
      grey(3, 1, () => 5),
      target,
      42,
    );
    assert.deepEqual([...warped.pixels], [42, 42, 42]);
    assert.deepEqual(
      [...warpMask({ width: 3, height: 1, data: Uint8Array.of(1, 1, 1) }, target).data],
      [0, 0, 0],
    );
  });

  it('composes from right to left and inverts', () => {
    const matrix = compose(translation(5, -2), rotation(0.7), scaling(2, 3));
    const identity = compose(invert(matrix), matrix);
    for (const [i, expected] of [1, 0, 0, 0, 1, 0].entries()) {
      assert.ok(Math.abs((identity[i] ?? NaN) - expected) < 1e-12);
    }
    assert.throws(() => invert([1, 1, 0, 1, 1, 0]), RangeError);
    assert.deepEqual(compose(translation(1, 0), scaling(2)), [2, 0, 1, 0, 2, 0]);
  });
});

describe('crops', () => {
  it('takes the same rectangle of image and mask', () => {
    const raster = grey(5, 4, (x, y) => 10 * y + x);
    const mask: Mask = { width: 5, height: 4, data: Uint8Array.from(raster.pixels, (v) => v % 2) };
    const rectangle = { x: 1, y: 2, width: 3, height: 2 };
    assert.deepEqual([...cropRaster(raster, rectangle).pixels], [21, 22, 23, 31, 32, 33]);
    assert.deepEqual([...cropMask(mask, rectangle).data], [1, 0, 1, 1, 0, 1]);
    assert.throws(() => cropMask(mask, { x: 3, y: 0, width: 3, height: 1 }), { code: 'INVALID_ARGUMENT' });
  });
});

describe('normaliseInside', () => {
  it('has mean 0 and deviation 1 inside the field of view', () => {
    const raster = grey(8, 8, (x, y) => (x < 4 ? x * 10 + y : 255));
    const fieldOfView: Mask = {
      width: 8,
      height: 8,
      data: Uint8Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 1 : 0)),
    };
    const out = normaliseInside(raster, 3, fieldOfView);
    assert.equal(out.length, 3 * 64);
    const inside = [...out.subarray(0, 64)].filter((_, i) => i % 8 < 4);
    const mean = inside.reduce((sum, v) => sum + v, 0) / 32;
    const variance = inside.reduce((sum, v) => sum + v * v, 0) / 32;
    assert.ok(Math.abs(mean) < 1e-6 && Math.abs(variance - 1) < 1e-5);
    assert.deepEqual(out.subarray(0, 64), out.subarray(64, 128));
  });

  it('makes a flat image zero, not infinite', () => {
    assert.deepEqual(
      [
        ...normaliseInside(
          grey(2, 2, () => 9),
          1,
        ),
      ],
      [0, 0, 0, 0],
    );
  });

  it('turns RGB into planes or into luminance', () => {
    const raster = { width: 2, height: 1, channels: 3, pixels: Float32Array.of(0, 0, 0, 100, 50, 20) };
    assert.deepEqual([...normaliseInside(raster, 3)], [-1, 1, -1, 1, -1, 1]);
    assert.deepEqual([...normaliseInside(raster, 1)].map(Math.sign), [-1, 1]);
  });
});
