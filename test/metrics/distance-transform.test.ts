import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distanceTo } from '../../src/metrics/distance-transform.ts';

test('every distance is the least of those to all pixels, whatever the spacing', () => {
  const spacing = fc.double({ min: 0.01, max: 100, noNaN: true });
  const side = fc.integer({ min: 1, max: 14 });
  fc.assert(
    fc.property(
      side,
      side,
      fc.infiniteStream(fc.nat(5)),
      spacing,
      spacing,
      (width, height, stream, row, col) => {
        const pixels = Uint8Array.from({ length: width * height }, () => (stream.next().value === 0 ? 1 : 0));
        distanceTo(pixels, width, height, [row, col]).forEach((distance, i) => {
          let least = Infinity;
          pixels.forEach((value, j) => {
            const rows = row * (Math.floor(i / width) - Math.floor(j / width));
            const cols = col * ((i % width) - (j % width));
            if (value) least = Math.min(least, Math.sqrt(rows * rows + cols * cols));
          });
          assert.ok(
            distance === least || Math.abs(distance - least) <= 1e-12 * least,
            `${distance} for ${least}`,
          );
        });
      },
    ),
    { numRuns: 200 },
  );
});
