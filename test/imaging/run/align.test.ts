import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alignTo, pyramidOf } from '../../../src/imaging/run/align.ts';
import type { Shift } from '../../../src/imaging/run/align.ts';
import type { Levels } from '../../../src/imaging/run/levels.ts';
import { createRandom } from '../../../src/protocol/random.ts';

type Pattern = (x: number, y: number) => number;

/** Ribs and a spine, more or less: structure in both directions that does not repeat within a search. */
const scene: Pattern = (x, y) =>
  130 + 40 * Math.sin((x + 0.4 * y) / 6) + 30 * Math.sin((y - 0.2 * x) / 7) + 25 * Math.sin((x + y) / 4);

const draw = (width: number, height: number, pattern: Pattern, seed?: number): Levels => {
  const random = seed === undefined ? undefined : createRandom(seed);
  const data = Uint8Array.from({ length: width * height }, (_, i) => {
    const level = pattern(i % width, Math.floor(i / width)) + 4 * (random?.normal() ?? 0);
    return Math.max(0, Math.min(255, Math.round(level)));
  });
  return { width, height, data };
};
const displaced =
  (pattern: Pattern, [dx, dy]: Shift): Pattern =>
  (x, y) =>
    pattern(x - dx, y - dy);
/** Dark, where it is in one frame and where in the other: a tenth of 128 x 128 pixels in all. */
const withBlob =
  (pattern: Pattern, cx: number, cy: number): Pattern =>
  (x, y) =>
    pattern(x, y) * ((x - cx) ** 2 + (y - cy) ** 2 < 16 ** 2 ? 0.5 : 1);

const expectShift = (found: Shift, [x, y]: Shift, within = 0.3): void => {
  assert.ok(
    Math.abs(found[0] - x) < within && Math.abs(found[1] - y) < within,
    `${found.map((n) => n.toFixed(2)).join(', ')} instead of ${x}, ${y}`,
  );
};

const SHIFTS: readonly Shift[] = [
  [0, 0],
  [1, 0],
  [0, -1],
  [0.5, -0.5],
  [-3, 2.5],
  [7.5, 4],
  [-10, 6],
  [2, 10],
];

describe('a frame displaced against another', () => {
  const reference = pyramidOf(draw(128, 128, scene, 1));

  it('is found to be so, by whole pixels and halves, either way', () => {
    for (const shift of SHIFTS) {
      const frame = pyramidOf(draw(128, 128, displaced(scene, shift), 2));
      expectShift(alignTo(frame, reference), shift);
      expectShift(alignTo(reference, frame), [-shift[0], -shift[1]]);
    }
  });

  it('is found where a tenth of the pixels move otherwise', () => {
    const dark = pyramidOf(draw(128, 128, withBlob(scene, 50, 60), 1));
    for (const shift of SHIFTS) {
      const moved = withBlob(displaced(scene, shift), 72 - shift[0], 66 - shift[1]);
      expectShift(alignTo(pyramidOf(draw(128, 128, moved, 2)), dark), shift);
    }
  });

  it('is found far off, from a start that is about right', () => {
    const frame = pyramidOf(draw(128, 128, displaced(scene, [40, -30]), 2));
    expectShift(alignTo(frame, reference, [37, -27]), [40, -30]);
  });

  it('is found in frames longer than wide and in large ones, which are reduced more', () => {
    for (const [width, height] of [
      [90, 131],
      [700, 530],
    ] as const) {
      const wide: Pattern = (x, y) => scene((x * 128) / width, (y * 128) / height);
      const one = pyramidOf(draw(width, height, wide, 1));
      const other = pyramidOf(draw(width, height, displaced(wide, [5.5, -4]), 2));
      assert.ok(Math.max(...one.layers.map((layer) => Math.max(layer.width, layer.height))) <= 256);
      expectShift(alignTo(other, one), [5.5, -4]);
    }
  });

  it('is not moved along stripes, where nothing tells', () => {
    const upright: Pattern = (x) => 130 + 50 * Math.sin(x / 6);
    const frame = pyramidOf(draw(128, 128, displaced(upright, [3, 5])));
    expectShift(alignTo(frame, pyramidOf(draw(128, 128, upright)), [0, 1]), [3, 1]);
  });
});

describe('where there is nothing to align', () => {
  it('the start is the answer: flat frames, one or both, and frames of a few pixels', () => {
    const flat = pyramidOf(draw(128, 128, () => 77));
    const full = pyramidOf(draw(128, 128, scene));
    assert.deepEqual(alignTo(flat, flat, [3, -2]), [3, -2]);
    assert.deepEqual(alignTo(flat, full, [3, -2]), [3, -2]);
    assert.deepEqual(alignTo(full, flat), [0, 0]);
    const few = pyramidOf(draw(9, 5, scene));
    assert.deepEqual(alignTo(few, few, [1, 1]), [1, 1]);
  });

  it('frames that do not overlap keep the start', () => {
    const full = pyramidOf(draw(128, 128, scene));
    assert.deepEqual(alignTo(full, full, [500, 0]), [500, 0]);
  });

  it('frames of two sizes are refused', () => {
    const one = pyramidOf(draw(128, 96, scene));
    const other = pyramidOf(draw(96, 128, scene));
    assert.throws(() => alignTo(one, other), { name: 'RangeError', message: /128 x 96 and 96 x 128/ });
  });
});
