import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { drawPicture } from '../../extension/src/panel/draw.ts';
import { maskFrom } from '../../extension/src/workflow/masks/masks.ts';
import { segmentColour } from '../../src/protocol/segment-colours.ts';
import { maskOf } from '../../src/inference/mask.ts';

const sizes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }));

test('masks are those of the engine: threshold, and small pieces dropped', () => {
  fc.assert(
    fc.property(
      sizes.chain(([width, height]) =>
        fc.tuple(
          fc.constant(width),
          fc.constant(height),
          fc.uint8Array({ minLength: width * height, maxLength: width * height }),
          fc.integer({ min: 0, max: 12 }),
        ),
      ),
      ([width, height, probabilities, minimumSize]) => {
        const ours = maskFrom(probabilities, width, height, { threshold: 0.5, minimumSize });
        const data = Float32Array.from(probabilities, (value) => value / 255);
        const engine = maskOf({ width, height, data }, { threshold: 0.5, minComponent: minimumSize });
        assert.deepEqual(ours.data, engine.data);
      },
    ),
  );
});

test('a threshold of zero does not claim what is certainly not the structure', () => {
  const mask = maskFrom(Uint8Array.of(0, 1), 2, 1, { threshold: 0, minimumSize: 0 });
  assert.deepEqual([...mask.data], [0, 1]);
});

test('a picture shows the window, MONOCHROME1 inverted, and the outline of a mask', () => {
  const values = Int16Array.of(-100, 0, 100, 300);
  const frame = { width: 2, height: 2, channels: 1, values, window: { lower: 0, upper: 255 } } as const;
  const grey = (picture: ReturnType<typeof drawPicture>) => [0, 4, 8, 12].map((at) => picture.data[at]);
  assert.deepEqual(grey(drawPicture(frame, [], 10)), [0, 0, 100, 255]);
  assert.deepEqual(grey(drawPicture({ ...frame, inverted: true }, [], 10)), [255, 255, 155, 0]);
  const mask = { width: 2, height: 2, data: Uint8Array.of(0, 1, 0, 0) };
  assert.deepEqual(
    [...drawPicture(frame, [{ mask, colour: segmentColour(0) }], 10).data.slice(4, 8)],
    [...segmentColour(0), 255],
  );
  const part = { left: 1, top: 0, width: 1, height: 2 };
  assert.deepEqual(grey(drawPicture(frame, [], 10, part)), [0, 0, 35, 255], 'what does not count is dark');
  const large = { width: 300, height: 100, channels: 3, values: new Uint8Array(90000) } as const;
  const { width, height } = drawPicture(large, [], 60);
  assert.deepEqual([width, height], [60, 20]);
});
