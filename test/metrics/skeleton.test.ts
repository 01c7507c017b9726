import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { skeletonOf } from '../../src/metrics/skeleton.ts';

const side = fc.integer({ min: 1, max: 14 });
const picture = fc.tuple(side, side).chain(([width, height]) =>
  fc.record({
    width: fc.constant(width),
    height: fc.constant(height),
    pixels: fc.array(fc.constantFrom(0, 1, 1), { minLength: width * height, maxLength: width * height }),
  }),
);

/** Number of parts that are connected over sides and corners. */
function parts(pixels: Uint8Array, width: number, height: number): number {
  const left = pixels.slice();
  let count = 0;
  for (let start = left.indexOf(1); start >= 0; start = left.indexOf(1)) {
    count++;
    const open = [start];
    left[start] = 0;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const [row, col] = [Math.floor(at / width), at % width];
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
        for (let x = Math.max(0, col - 1); x <= Math.min(width - 1, col + 1); x++) {
          if (!left[y * width + x]) continue;
          left[y * width + x] = 0;
          open.push(y * width + x);
        }
      }
    }
  }
  return count;
}

test('a skeleton lies in its mask, has as many parts, and is its own skeleton', () => {
  fc.assert(
    fc.property(picture, ({ width, height, pixels }) => {
      const mask = Uint8Array.from(pixels);
      const skeleton = skeletonOf(mask, width, height);
      assert.ok(skeleton.every((value, i) => value <= mask[i]!));
      assert.equal(parts(skeleton, width, height), parts(mask, width, height));
      assert.deepEqual(skeletonOf(skeleton, width, height), skeleton);
    }),
    { numRuns: 300 },
  );
});

test('a thick bar becomes a line along its middle', () => {
  const width = 20;
  const mask = new Uint8Array(width * 9);
  for (let y = 2; y < 7; y++) mask.fill(1, y * width + 2, y * width + 18);
  const skeleton = skeletonOf(mask, width, 9);
  for (let x = 6; x < 14; x++) {
    const column = Array.from({ length: 9 }, (_, y) => skeleton[y * width + x]);
    assert.deepEqual(column, [0, 0, 0, 0, 1, 0, 0, 0, 0]);
  }
});
