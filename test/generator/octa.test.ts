import assert from 'node:assert/strict';
import test from 'node:test';
import type { Mask } from '../../src/imaging/frame.ts';
import { generateOcta } from '../../src/generator/octa/octa.ts';
import type { GeneratedImage } from '../../src/generator/generated-image.ts';

const images = Array.from({ length: 12 }, (_, seed) => generateOcta(seed, 256));

function vesselsOf({ masks }: GeneratedImage): Mask {
  const vessel = masks.get('vessel');
  assert.ok(vessel);
  return vessel;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test('equal seeds give equal images to the bit, other seeds other images', () => {
  assert.deepEqual(generateOcta(3, 128), generateOcta(3, 128));
  assert.notDeepEqual(generateOcta(3, 128).frame.pixels, generateOcta(4, 128).frame.pixels);
});

test('an image is square and grey in 0..255, and the field is all of it', () => {
  for (const { frame, fieldOfView } of images) {
    assert.deepEqual([frame.width, frame.height, frame.channels], [256, 256, 1]);
    assert.ok(frame.pixels.every((value) => value >= 0 && value <= 255));
    assert.ok(fieldOfView.data.every((value) => value === 1));
  }
});

test('artery and vein are the vessels, and no other structure is there', () => {
  for (const image of images) {
    assert.deepEqual([...image.masks.keys()], ['vessel', 'artery', 'vein']);
    assert.deepEqual(image.masks.get('artery'), vesselsOf(image));
    assert.deepEqual(image.masks.get('vein'), vesselsOf(image));
  }
});

test('vessels cover a third to a half of a finely drawn image, and are brighter than what lies between', () => {
  for (const seed of [20, 21, 22]) {
    const image = generateOcta(seed, 512);
    const { data } = vesselsOf(image);
    const share = mean([...data]);
    assert.ok(share > 0.22 && share < 0.58, `share ${share}`);
    const values = (of: number): number[] => [...image.frame.pixels].filter((_, i) => data[i] === of);
    assert.ok(mean(values(1)) > 1.15 * mean(values(0)));
  }
});

test('most images have a dark zone without vessels near their middle', () => {
  const avascular = images.filter((image) => {
    const { data } = vesselsOf(image);
    let best = Infinity;
    // The emptiest patch of 13 pixels a side in the middle third.
    for (let top = 85; top < 160; top += 3) {
      for (let left = 85; left < 160; left += 3) {
        let count = 0;
        for (let y = 0; y < 13; y++) {
          for (let x = 0; x < 13; x++) count += data[(top + y) * 256 + left + x] ?? 0;
        }
        best = Math.min(best, count);
      }
    }
    return best === 0;
  });
  assert.ok(avascular.length >= 8 && avascular.length <= 12, `${avascular.length} of 12`);
});

test('any size is drawn', () => {
  for (const size of [129, 333]) assert.equal(generateOcta(1, size).frame.pixels.length, size * size);
});
