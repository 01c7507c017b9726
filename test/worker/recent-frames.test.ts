import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentFrames } from '../../src/worker/recent-frames.ts';

const raster = (value: number) => ({ width: 1, height: 1, channels: 1, pixels: Float32Array.of(value) });
const map = { width: 1, height: 1, data: Float32Array.of(0.5) };

test('what was found is remembered for the three frames looked at last, however they were loaded', () => {
  const recent = new RecentFrames();
  for (const value of [1, 2, 3]) recent.of(raster(value)).set('Vein', map);
  assert.equal(recent.of(raster(1)).get('Vein'), map);
  assert.equal(recent.of(raster(1)).get('Catheter'), undefined);
  recent.of(raster(4)).set('Vein', map);
  assert.equal(recent.of(raster(2)).size, 0, 'the one that was not asked for any more');
  assert.equal(recent.of(raster(1)).get('Vein'), map);
});
