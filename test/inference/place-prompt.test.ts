import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { floatTensor } from '../../src/graph/tensor.ts';
import { maskOfBox, placeBesideWord, placeTensors, placeTokens } from '../../src/inference/place-prompt.ts';
import { encodePoints } from '../../src/model/sam/index.ts';
import { SaltError } from '../../src/protocol/errors.ts';

const MATRIX = floatTensor([2, 4], Float32Array.of(0.3, -1.2, 0.7, 2, 1, 0.1, -0.4, 0.9));
const FRAME = { width: 200, height: 100 };

describe('clicks and boxes on a frame', () => {
  test('are brought to the square that the model sees', () => {
    const place = {
      clicks: [{ x: 100, y: 50, on: true }],
      box: { left: 0, top: 0, right: 200, bottom: 100 },
    };
    const { point_encoding, point_types } = placeTensors(place, FRAME, MATRIX, 64);
    const expected = encodePoints(
      MATRIX,
      [
        { x: 32, y: 16, label: 1 },
        { x: 0, y: 0, label: 2 },
        { x: 64, y: 32, label: 3 },
      ],
      64,
    );
    assert.deepEqual(point_encoding?.shape, [1, 3, 8]);
    assert.deepEqual(point_encoding.data, expected.encoding.data);
    assert.deepEqual(point_types?.data, expected.types.data);
  });

  test('come with a padding token where there is no box, as SAM was trained', () => {
    assert.equal(placeTokens({ clicks: [{ x: 1, y: 1, on: false }] }), 2);
    assert.equal(placeTokens({ clicks: [], box: { left: 1, top: 1, right: 5, bottom: 5 } }), 2);
  });

  test('outside the frame, or around nothing, are refused', () => {
    const wrong = [
      { clicks: [{ x: 201, y: 50, on: true }] },
      { clicks: [{ x: NaN, y: 50, on: true }] },
      { clicks: [], box: { left: 10, top: 10, right: 10, bottom: 50 } },
      { clicks: [], box: { left: 10, top: 10, right: 50, bottom: 101 } },
    ];
    for (const place of wrong) {
      assert.throws(
        () => placeTensors(place, FRAME, MATRIX, 64),
        (error: unknown) => error instanceof SaltError && error.code === 'INVALID_ARGUMENT',
      );
    }
  });
});

describe('a place beside a word', () => {
  const box = { left: 1.5, top: 2, right: 4.5, bottom: 3 };

  test('tells the model of clicks, and keeps the box to cut to', () => {
    const clicks = [{ x: 2, y: 2, on: true }];
    assert.deepEqual(placeBesideWord({ clicks, box }, FRAME), { told: { clicks }, within: box });
    assert.deepEqual(placeBesideWord({ clicks }, FRAME), { told: { clicks } });
    assert.throws(() => placeBesideWord({ clicks: [], box: { ...box, right: 300 } }, FRAME), {
      code: 'INVALID_ARGUMENT',
    });
  });

  test('covers the pixels whose place lies inside the box, edges included', () => {
    const { data } = maskOfBox(box, { width: 6, height: 4 });
    // prettier-ignore
    assert.deepEqual([...data], [
      0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0,
      0, 0, 1, 1, 1, 0,
      0, 0, 1, 1, 1, 0,
    ]);
    const whole = maskOfBox({ left: 0, top: 0, right: 6, bottom: 4 }, { width: 6, height: 4 });
    assert.ok(whole.data.every((value) => value === 1));
  });
});
