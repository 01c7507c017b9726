import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Mask } from '../../src/imaging/frame.ts';
import { compareMasks } from '../../src/metrics/compare-masks.ts';
import { assertAgrees, readReferenceCases } from './reference-case.ts';

suite('scores agree with SciPy and scikit-image', () => {
  for (const expected of readReferenceCases(
    readFileSync(new URL('reference.json', import.meta.url), 'utf8'),
  )) {
    test(expected.name, () => assertAgrees(expected));
  }
});

const size = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }));
const maskOf = (width: number, height: number): fc.Arbitrary<Mask> =>
  fc
    .array(fc.constantFrom(0, 1), { minLength: width * height, maxLength: width * height })
    .map((data) => ({ width, height, data: Uint8Array.from(data) }));
const pair = size.chain(([width, height]) => fc.tuple(maskOf(width, height), maskOf(width, height)));

suite('scores of any masks', () => {
  test('are symmetric, but for precision and sensitivity, which change places', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const there = compareMasks(a, b, { spacing: [0.5, 2] });
        const back = compareMasks(b, a, { spacing: [0.5, 2] });
        const { sensitivity, precision, specificity: _1, predictionEmpty, referenceEmpty, ...rest } = there;
        const {
          sensitivity: s,
          precision: p,
          specificity: _2,
          predictionEmpty: pe,
          referenceEmpty: re,
          ...other
        } = back;
        assert.deepEqual(
          [sensitivity, precision, predictionEmpty, referenceEmpty, rest],
          [p, s, re, pe, other],
        );
      }),
    );
  });

  test('are perfect for a mask and itself', () => {
    fc.assert(
      fc.property(pair, ([a]) => {
        const scores = compareMasks(a, a);
        assert.deepEqual([scores.dice, scores.iou, scores.clDice, scores.hd95], [1, 1, 1, 0]);
      }),
    );
  });

  test('stay within their bounds', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const { hd95, hd95Mm, predictionEmpty: _p, referenceEmpty: _r, ...shares } = compareMasks(a, b);
        for (const value of Object.values(shares)) assert.ok(value === null || (value >= 0 && value <= 1));
        // As it is defined: `Math.hypot` may round otherwise.
        assert.ok(hd95 >= 0 && hd95 <= Math.sqrt(a.width ** 2 + a.height ** 2));
        assert.equal(hd95Mm, null);
        assert.ok(Math.abs(shares.dice - (2 * shares.iou) / (1 + shares.iou)) < 1e-12);
      }),
    );
  });

  test('do not depend on what lies outside the field of view', () => {
    const triple = size.chain(([w, h]) => fc.tuple(maskOf(w, h), maskOf(w, h), maskOf(w, h), maskOf(w, h)));
    fc.assert(
      fc.property(triple, ([a, b, fieldOfView, noise]) => {
        fc.pre(fieldOfView.data.includes(1));
        const noisy = {
          ...a,
          data: a.data.map((value, i) => (fieldOfView.data[i] ? value : noise.data[i]!)),
        };
        assert.deepEqual(compareMasks(noisy, b, { fieldOfView }), compareMasks(a, b, { fieldOfView }));
      }),
    );
  });

  test('with equal spacing, millimetres are pixels times it', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const { hd95, hd95Mm } = compareMasks(a, b, { spacing: [0.25, 0.25] });
        assert.equal(hd95Mm, hd95 / 4);
      }),
    );
  });
});

suite('what cannot be compared is refused', () => {
  const mask = (width: number, height: number, value = 1): Mask => ({
    width,
    height,
    data: new Uint8Array(width * height).fill(value),
  });
  const refused = { name: 'SaltError', code: 'INVALID_ARGUMENT' };

  test('masks of different size', () => {
    assert.throws(() => compareMasks(mask(3, 4), mask(4, 3)), refused);
    assert.throws(() => compareMasks(mask(3, 4), mask(3, 4), { fieldOfView: mask(4, 4) }), refused);
    assert.throws(() => compareMasks({ ...mask(3, 4), data: new Uint8Array(11) }, mask(3, 4)), refused);
  });

  test('masks with other values than 0 and 1', () => {
    assert.throws(() => compareMasks(mask(3, 4, 255), mask(3, 4)), refused);
  });

  test('an empty field of view or image', () => {
    assert.throws(() => compareMasks(mask(3, 4), mask(3, 4), { fieldOfView: mask(3, 4, 0) }), refused);
    assert.throws(() => compareMasks(mask(0, 0), mask(0, 0)), refused);
  });

  test('a spacing that is not positive', () => {
    for (const bad of [0, -1, NaN, Infinity]) {
      assert.throws(() => compareMasks(mask(3, 4), mask(3, 4), { spacing: [1, bad] }), refused);
    }
  });
});
