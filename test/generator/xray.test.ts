import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { GeneratedImage, Structure } from '../../src/generator/generated-image.ts';
import { CLEAR } from '../../src/generator/xray/look.ts';
import { generateXray } from '../../src/generator/xray/xray.ts';

const SIDE = 128;
const KINDS = ['angiogram', 'subtraction'] as const;
const cases = fc.record({ seed: fc.integer({ min: 0, max: 1e9 }), kind: fc.constantFrom(...KINDS) });

function count(data: Uint8Array): number {
  return data.reduce((sum, value) => sum + value, 0);
}

function manyImages(kind: (typeof KINDS)[number]): GeneratedImage[] {
  return Array.from({ length: 60 }, (_, seed) => generateXray(seed, SIDE, kind));
}

function present(images: readonly GeneratedImage[], structure: Structure): number {
  return images.filter(({ masks }) => masks.has(structure)).length;
}

test('equal seeds give equal images to the bit, other seeds and kinds other ones', () => {
  fc.assert(
    fc.property(cases, ({ seed, kind }) => {
      const [a, b] = [generateXray(seed, SIDE, kind), generateXray(seed, SIDE, kind)];
      assert.deepEqual(a, b);
      assert.notDeepEqual(generateXray(seed + 1, SIDE, kind).frame.pixels, a.frame.pixels);
    }),
    { numRuns: 10 },
  );
});

test('images are whole grey levels, and masks lie within the field of view and are never empty', () => {
  fc.assert(
    fc.property(cases, ({ seed, kind }) => {
      const { frame, fieldOfView, masks } = generateXray(seed, SIDE, kind);
      assert.equal(frame.pixels.length, SIDE * SIDE);
      assert.ok(frame.pixels.every((value) => Number.isInteger(value) && value >= 0 && value <= 255));
      assert.ok(count(fieldOfView.data) > 0.2 * SIDE * SIDE);
      for (const [structure, mask] of masks) {
        assert.deepEqual([mask.width, mask.height], [SIDE, SIDE]);
        assert.ok(count(mask.data) > 0, structure);
        assert.ok(
          mask.data.every((value, i) => value === 0 || (value === 1 && fieldOfView.data[i] === 1)),
          structure,
        );
      }
    }),
    { numRuns: 40 },
  );
});

describe('over sixty images', () => {
  const angiograms = manyImages('angiogram');
  const subtractions = manyImages('subtraction');

  test('artery and vein are the vessels, and an X-ray shows no disc and no lesion', () => {
    for (const { masks } of [...angiograms, ...subtractions]) {
      assert.equal(masks.get('artery'), masks.get('vessel'));
      assert.equal(masks.get('vein'), masks.get('vessel'));
      assert.ok(!masks.has('optic disc') && !masks.has('lesion'));
    }
  });

  test('each structure is absent from some images and present in others', () => {
    const vessels = present(angiograms, 'vessel');
    assert.ok(vessels >= 45 && vessels <= 58, `${vessels} with vessels`);
    const catheters = present(angiograms, 'catheter');
    assert.ok(catheters >= 18 && catheters <= 42, `${catheters} with a catheter`);
    const bones = present(angiograms, 'bone');
    assert.ok(bones >= 6 && bones <= 36, `${bones} with bones`);
  });

  test('a subtraction shows no bone, and seldom the catheter', () => {
    assert.equal(present(subtractions, 'bone'), 0);
    assert.ok(present(subtractions, 'catheter') < present(angiograms, 'catheter'));
  });

  test('vessels cover little of the picture', () => {
    const shares = angiograms.flatMap(({ masks, fieldOfView }) => {
      const vessel = masks.get('vessel');
      return vessel ? [count(vessel.data) / count(fieldOfView.data)] : [];
    });
    assert.ok(Math.max(...shares) < 0.4);
  });
});

test('what is labelled as a vessel is darker than what lies beside it', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { frame, masks } = generateXray(seed, 256, 'angiogram', CLEAR);
    const vessel = masks.get('vessel');
    assert.ok(vessel, `seed ${seed}`);
    const differences: number[] = [];
    // Along each row, the middle of a run of vessel against the pixels beyond its ends.
    for (let y = 0; y < 256; y++) {
      for (let x = 4; x < 252; x++) {
        const at = (offset: number): number => vessel.data[y * 256 + x + offset] ?? 0;
        if (at(0) === 0 || at(-1) === 1) continue;
        let width = 1;
        while (at(width) === 1) width++;
        const pixel = (offset: number): number => frame.pixels[y * 256 + x + offset] ?? 0;
        if (width > 12 || x + width + 3 > 255) continue;
        differences.push((pixel(-3) + pixel(width + 2)) / 2 - pixel(Math.floor(width / 2)));
      }
    }
    const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
    assert.ok(mean > 6, `seed ${seed}: ${mean}`);
  }
});

test('sizes from 64 to 1024 work, odd ones too', () => {
  for (const size of [64, 129, 333, 1024]) {
    const { frame, fieldOfView } = generateXray(5, size, 'angiogram');
    assert.deepEqual([frame.width, frame.height, frame.pixels.length], [size, size, size * size]);
    assert.equal(fieldOfView.data.length, size * size);
  }
});
