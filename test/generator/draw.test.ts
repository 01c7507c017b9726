import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compressBlocks } from '../../src/generator/draw/compression.ts';
import { between, logBetween, pick } from '../../src/generator/draw/draws.ts';
import { addBump, gaussianBlur, smoothNoise } from '../../src/generator/draw/fields.ts';
import { normalField } from '../../src/generator/draw/noise.ts';
import { strokeMask, strokeThickness } from '../../src/generator/draw/strokes.ts';
import { createRandom } from '../../src/protocol/random.ts';

function moments(values: ArrayLike<number>): { mean: number; deviation: number } {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return {
    mean,
    deviation: Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length),
  };
}

describe('strokes', () => {
  test('keep the area of the tube across it, thinner than a pixel or wide, wherever it lies', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 9, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (radius, shift) => {
          const thickness = strokeThickness(
            [{ x0: -20, y0: 20 + shift, x1: 60, y1: 20 + shift, radius }],
            40,
            40,
          );
          let area = 0;
          for (let y = 0; y < 40; y++) area += thickness[y * 40 + 20] ?? 0;
          assert.ok(Math.abs(area / (Math.PI * radius * radius) - 1) < 0.01, `${area}`);
        },
      ),
    );
  });

  test('a tube thinner than a pixel still masks a connected line, at every angle', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: Math.PI, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (angle, shift) => {
          const [dx, dy] = [25 * Math.cos(angle), 25 * Math.sin(angle)];
          const middle = 30 + shift;
          const piece = { x0: middle - dx, y0: middle - dy, x1: middle + dx, y1: middle + dy, radius: 0.1 };
          const { data } = strokeMask([piece], 61, 61);
          const left = new Set<number>();
          data.forEach((value, i) => value === 1 && left.add(i));
          assert.ok(left.size >= 34 && left.size < 110, `${left.size}`);
          const [first = 0] = left;
          const waiting = [first];
          left.delete(first);
          for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
            for (const step of [-62, -61, -60, -1, 1, 60, 61, 62])
              if (left.delete(i + step)) waiting.push(i + step);
          }
          assert.equal(left.size, 0);
        },
      ),
    );
  });

  test('what lies outside the picture is left out, and a piece may be a point', () => {
    const far = { x0: -50, y0: -50, x1: -40, y1: -40, radius: 3 };
    const point = { x0: 5, y0: 5, x1: 5, y1: 5, radius: 2 };
    assert.ok(strokeThickness([far], 10, 10).every((value) => value === 0));
    assert.equal(
      strokeMask([point], 10, 10).data.reduce((sum, value) => sum + value, 0),
      13,
    );
  });
});

describe('fields', () => {
  test('a blurred point is a Gaussian of the deviation asked for, by kernel and by boxes', () => {
    for (const sigma of [0.6, 1, 1.9, 2.5, 4, 12]) {
      const field = new Float32Array(161 * 161);
      field[80 * 161 + 80] = 1;
      const blurred = gaussianBlur(field, 161, 161, sigma);
      let [sum, across, down] = [0, 0, 0];
      blurred.forEach((value, i) => {
        sum += value;
        across += value * ((i % 161) - 80) ** 2;
        down += value * (Math.floor(i / 161) - 80) ** 2;
      });
      assert.ok(Math.abs(sum - 1) < 1e-4);
      // Boxes have whole widths.
      assert.ok(
        Math.abs(Math.sqrt(across) / sigma - 1) < (sigma < 2 ? 0.03 : 0.12),
        `${sigma}: ${Math.sqrt(across)}`,
      );
      assert.ok(Math.abs(across - down) < 1e-3 * across);
    }
  });

  test('a level field stays level up to its border', () => {
    for (const sigma of [0.7, 3, 50]) {
      const blurred = gaussianBlur(new Float32Array(30 * 20).fill(7), 30, 20, sigma);
      assert.ok(blurred.every((value) => Math.abs(value - 7) < 1e-4));
    }
  });

  test('smooth noise has zero mean and unit deviation, and is the smoother the larger its scale', () => {
    const roughness: number[] = [];
    for (const scale of [1, 4, 20]) {
      const noise = smoothNoise(createRandom(3), 128, 128, scale);
      const { mean, deviation } = moments(noise);
      assert.ok(Math.abs(mean) < 1e-4 && Math.abs(deviation - 1) < 1e-4);
      roughness.push(moments(noise.subarray(1).map((value, i) => value - (noise[i] ?? 0))).deviation);
    }
    assert.deepEqual(
      roughness,
      [...roughness].sort((a, b) => b - a),
    );
  });

  test('a bump has its height at its centre', () => {
    const field = new Float32Array(400);
    addBump(field, 20, 20, { x: 10, y: 5, radiusX: 2, radiusY: 3, strength: 4 });
    assert.equal(field[5 * 20 + 10], 4);
    assert.ok(Math.abs((field[5 * 20 + 12] ?? 0) - 4 * Math.exp(-0.5)) < 1e-6);
  });
});

describe('noise', () => {
  test('quick normal draws have the moments of the normal distribution', () => {
    const field = normalField(createRandom(1), 100_001);
    const { mean, deviation } = moments(field);
    assert.ok(Math.abs(mean) < 0.02 && Math.abs(deviation - 1) < 0.02);
    const fourth = moments(field.map((value) => value ** 4)).mean;
    assert.ok(Math.abs(fourth - 3) < 0.2, `${fourth}`);
    const beyond = field.filter((value) => Math.abs(value) > 1.96).length / field.length;
    assert.ok(Math.abs(beyond - 0.05) < 0.005, `${beyond}`);
  });
});

describe('compression', () => {
  test('a level block stays, fine detail beneath the step goes', () => {
    const image = Float32Array.from({ length: 256 }, (_, i) => 100 + (i % 2 ? 1 : -1));
    compressBlocks(image, 16, 16, 10);
    assert.ok(image.every((value) => Math.abs(value - 100) < 1e-3));
  });

  test('small steps leave the image as it is', () => {
    const random = createRandom(8);
    const image = Float32Array.from({ length: 256 }, () => 255 * random.uniform());
    const before = image.slice();
    compressBlocks(image, 16, 16, 0.01);
    assert.ok(image.every((value, i) => Math.abs(value - (before[i] ?? 0)) < 0.5));
  });
});

describe('draws', () => {
  test('stay within their ranges', () => {
    const random = createRandom(1);
    for (let k = 0; k < 200; k++) {
      const [even, doubling] = [between(random, -3, 5), logBetween(random, 0.5, 8)];
      assert.ok(even >= -3 && even < 5 && doubling >= 0.5 && doubling < 8);
    }
  });

  test('pick goes by the weights, and never takes what weighs nothing', () => {
    const random = createRandom(1);
    const counts = { often: 0, seldom: 0, never: 0 };
    for (let k = 0; k < 1000; k++) counts[pick(random, { often: 3, seldom: 1, never: 0 })]++;
    assert.equal(counts.never, 0);
    assert.ok(counts.seldom > 190 && counts.seldom < 310, `${counts.seldom}`);
  });
});
