import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cropRaster } from '../../src/imaging/geometry.ts';
import type { Rectangle } from '../../src/imaging/geometry.ts';
import type { InputSize } from '../../src/inference/model-input.ts';
import { TiledMaps, tilesOf } from '../../src/inference/tiles.ts';

const sizes = fc.record({ width: fc.integer({ min: 1, max: 90 }), height: fc.integer({ min: 1, max: 90 }) });
const shares = fc.double({ min: 0.1, max: 1, noNaN: true });

/** How often each pixel is covered. */
function coverOf({ width, height }: InputSize, tiles: readonly Rectangle[]): Uint8Array {
  const cover = new Uint8Array(width * height);
  for (const tile of tiles) {
    for (let y = tile.y; y < tile.y + tile.height; y++) {
      for (let x = tile.x; x < tile.x + tile.width; x++) cover[y * width + x]!++;
    }
  }
  return cover;
}

describe('tilesOf', () => {
  it('covers every pixel with tiles of one size that lie inside the frame', () => {
    fc.assert(
      fc.property(sizes, shares, (frame, share) => {
        const tiles = tilesOf(frame, share);
        const side = Math.max(1, Math.round(share * Math.max(frame.width, frame.height)));
        for (const { x, y, width, height } of tiles) {
          assert.deepEqual([width, height], [Math.min(side, frame.width), Math.min(side, frame.height)]);
          assert.ok(x >= 0 && y >= 0 && x + width <= frame.width && y + height <= frame.height);
        }
        assert.ok(coverOf(frame, tiles).every((times) => times >= 1));
      }),
    );
  });

  it('lets neighbours overlap by a quarter, with no more tiles than that takes', () => {
    const across = tilesOf({ width: 752, height: 320 }, 320 / 752).map(({ x, y }) => [x, y]);
    assert.deepEqual(across, [
      [0, 0],
      [216, 0],
      [432, 0],
    ]);
    assert.equal(tilesOf({ width: 512, height: 512 }, 0.58).length, 4);
  });

  it('is the whole frame where that is as small as a tile', () => {
    assert.deepEqual(tilesOf({ width: 40, height: 30 }, 1), [{ x: 0, y: 0, width: 40, height: 30 }]);
  });
});

describe('TiledMaps', () => {
  it('gives back a map that was cut into tiles', () => {
    fc.assert(
      fc.property(sizes, shares, (frame, share) => {
        const data = Float32Array.from({ length: frame.width * frame.height }, (_, i) => (i * 0.618_034) % 1);
        const whole = new TiledMaps(frame);
        for (const tile of tilesOf(frame, share)) {
          const { pixels } = cropRaster({ ...frame, channels: 1, pixels: data }, tile);
          const { width, height } = tile;
          whole.add(tile, [{ width, height, data: pixels }]);
        }
        const [map] = whole.maps();
        assert.ok(map);
        map.data.forEach((value, i) => {
          assert.ok(Math.abs(value - (data[i] ?? NaN)) < 1e-5, `pixel ${i}: ${value}, not ${data[i]}`);
        });
      }),
    );
  });

  it('goes over from one tile into the next, and trusts each least at its edge', () => {
    const frame = { width: 14, height: 1 };
    const whole = new TiledMaps(frame);
    for (const [i, tile] of [0, 6].entries()) {
      const data = new Float32Array(8).fill(i);
      whole.add({ x: tile, y: 0, width: 8, height: 1 }, [{ width: 8, height: 1, data }]);
    }
    const [map] = whole.maps();
    assert.deepEqual([...(map?.data ?? [])], [0, 0, 0, 0, 0, 0, 0.25, 0.75, 1, 1, 1, 1, 1, 1]);
  });

  it('keeps the outputs of a model apart', () => {
    const whole = new TiledMaps({ width: 2, height: 1 });
    const size = { width: 2, height: 1 };
    whole.add({ x: 0, y: 0, ...size }, [
      { ...size, data: Float32Array.of(0, 1) },
      { ...size, data: Float32Array.of(1, 0) },
    ]);
    assert.deepEqual(
      whole.maps().map(({ data }) => [...data]),
      [
        [0, 1],
        [1, 0],
      ],
    );
  });
});
