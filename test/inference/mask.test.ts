import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Mask } from '../../src/imaging/frame.ts';
import { dropSmallComponents } from '../../src/imaging/small-components.ts';
import { maskOf } from '../../src/inference/mask.ts';
import { SaltError } from '../../src/protocol/errors.ts';

/** Rows of characters, # for the structure. */
function drawn(...rows: readonly string[]): Mask {
  const text = rows.join('');
  return {
    width: rows[0]?.length ?? 0,
    height: rows.length,
    data: Uint8Array.from({ length: text.length }, (_, i) => (text[i] === '#' ? 1 : 0)),
  };
}

const anyMask = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: width * height, maxLength: width * height })
      .map((bits): Mask => ({ width, height, data: Uint8Array.from(bits) })),
  );

/** Sizes of the pieces that pixels belong to, by spreading labels until nothing changes. */
function pieceSizes({ width, height, data }: Mask): number[] {
  const labels = [...data].map((bit, i) => (bit ? i : -1));
  for (let changed = true; changed;) {
    changed = false;
    for (let i = 0; i < labels.length; i++) {
      for (let j = 0; j < labels.length; j++) {
        const near =
          Math.abs((i % width) - (j % width)) <= 1 &&
          Math.abs(Math.floor(i / width) - Math.floor(j / width)) <= 1;
        const [a = -1, b = -1] = [labels[i], labels[j]];
        if (near && a >= 0 && b > a) {
          labels[j] = a;
          changed = true;
        }
      }
    }
  }
  assert.equal(labels.length, width * height);
  return labels.map((label) => (label < 0 ? 0 : labels.filter((other) => other === label).length));
}

describe('dropSmallComponents', () => {
  it('drops pieces below the size, corners counting as contact', () => {
    const mask = drawn('##..#', '.....', '#....', '.#..#', '..#.#');
    assert.deepEqual(dropSmallComponents(mask, 2), drawn('##...', '.....', '#....', '.#..#', '..#.#'));
    assert.deepEqual(dropSmallComponents(mask, 3), drawn('.....', '.....', '#....', '.#...', '..#..'));
  });

  it('keeps exactly the pixels of pieces that are large enough', () => {
    fc.assert(
      fc.property(anyMask, fc.integer({ min: 1, max: 9 }), (mask, least) => {
        const expected = pieceSizes(mask).map((size) => (size >= least && size > 0 ? 1 : 0));
        assert.deepEqual([...dropSmallComponents(mask, least).data], expected);
      }),
      { numRuns: 40 },
    );
  });
});

describe('maskOf', () => {
  const map = { width: 4, height: 1, data: Float32Array.of(0.2, 0.5, 0.51, 0.9) };

  it('takes what exceeds the threshold', () => {
    assert.deepEqual([...maskOf(map).data], [0, 0, 1, 1]);
    assert.deepEqual([...maskOf(map, { threshold: 0.1 }).data], [1, 1, 1, 1]);
  });

  it('draws nothing outside the field of view', () => {
    const fieldOfView = drawn('#.#.');
    assert.deepEqual([...maskOf(map, { threshold: 0.1, fieldOfView }).data], [1, 0, 1, 0]);
  });

  it('measures pieces after the field of view has cut them', () => {
    const fieldOfView = drawn('###.');
    assert.deepEqual([...maskOf(map, { fieldOfView, minComponent: 2 }).data], [0, 0, 0, 0]);
  });

  it('refuses a field of view of another size', () => {
    assert.throws(
      () => maskOf(map, { fieldOfView: drawn('##') }),
      (error) => error instanceof SaltError && error.code === 'INVALID_ARGUMENT',
    );
  });

  it('draws nothing where the model says nothing sensible', () => {
    assert.deepEqual([...maskOf({ width: 1, height: 1, data: Float32Array.of(NaN) }).data], [0]);
  });
});
