import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateAngiogram } from '../../src/generator/angiogram.ts';

test('equal seeds draw equal pictures, different seeds different ones', () => {
  const [a, b, c] = [generateAngiogram(1, 64), generateAngiogram(1, 64), generateAngiogram(2, 64)];
  assert.deepEqual(a.frame.pixels, b.frame.pixels);
  assert.deepEqual(a.mask.data, b.mask.data);
  assert.notDeepEqual(a.frame.pixels, c.frame.pixels);
});

test('vessels are darker than what surrounds them, cover a sensible share, and pixels stay in range', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { frame, mask } = generateAngiogram(seed, 128);
    let [inside, outside, count] = [0, 0, 0];
    frame.pixels.forEach((pixel, i) => {
      assert.ok(pixel >= 0 && pixel <= 255);
      if (mask.data[i] === 1) {
        inside += pixel;
        count++;
      } else outside += pixel;
    });
    const share = count / mask.data.length;
    assert.ok(share > 0.01 && share < 0.4, `seed ${seed}: ${share}`);
    assert.ok(inside / count < outside / (mask.data.length - count) - 10, `seed ${seed}`);
  }
});
