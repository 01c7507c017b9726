import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { floatTensor, sizeOf } from '../../../src/graph/tensor.ts';
import type { FloatTensor } from '../../../src/graph/tensor.ts';
import { randomSamWeights } from '../../../src/model/checkpoint/random-weights.ts';
import { SAM_VIT_B } from '../../../src/model/sam-config.ts';
import { DENSE_POSITIONS, prepareSamWeights, resizeGridGradient } from '../../../src/model/sam/index.ts';
import { resizeGrid, resizeRows } from '../../../src/model/sam/resize-positions.ts';

const CONFIG = {
  ...SAM_VIT_B,
  depth: 2,
  embedDim: 16,
  numHeads: 2,
  imageSize: 64,
  windowSize: 3,
  globalAttnIndexes: [1],
  outChans: 16,
  promptEmbedDim: 16,
  decoderMlpDim: 8,
  decoderNumHeads: 2,
};
const WEIGHTS = randomSamWeights(CONFIG, 3);
const shapeOf = (weights: ReadonlyMap<string, FloatTensor>, name: string) => weights.get(name)?.shape;

describe('weights prepared for an image size', () => {
  test('at the size they were made for nothing is changed', () => {
    const prepared = prepareSamWeights(WEIGHTS, CONFIG, 64);
    for (const [name, tensor] of WEIGHTS) assert.equal(prepared.get(name), tensor, name);
    assert.equal(prepared.size, WEIGHTS.size + 1);
    assert.deepEqual(shapeOf(prepared, DENSE_POSITIONS), [16, 16]);
  });

  test('at another size both position tables are resized, those of windows are not', () => {
    const prepared = prepareSamWeights(WEIGHTS, CONFIG, 112);
    assert.deepEqual(shapeOf(prepared, 'image_encoder.pos_embed'), [1, 7, 7, 16]);
    assert.deepEqual(shapeOf(prepared, 'image_encoder.blocks.1.attn.rel_pos_h'), [13, 8]);
    const windowed = 'image_encoder.blocks.0.attn.rel_pos_w';
    assert.equal(prepared.get(windowed), WEIGHTS.get(windowed));
    assert.deepEqual(shapeOf(prepared, DENSE_POSITIONS), [49, 16]);
  });

  test('a missing table is named', () => {
    const name = 'image_encoder.blocks.1.attn.rel_pos_w';
    const rest = new Map([...WEIGHTS].filter(([other]) => other !== name));
    assert.throws(() => prepareSamWeights(rest, CONFIG, 64), {
      code: 'CHECKPOINT_MISMATCH',
      message: /blocks\.1\.attn\.rel_pos_w is missing/,
    });
  });
});

describe('resizing', () => {
  test('a table of two rows becomes four, as PyTorch interpolates', () => {
    const table = floatTensor([2, 1], Float32Array.of(0, 1));
    assert.deepEqual([...resizeRows(table, 4).data], [0, 0.25, 0.75, 1]);
    assert.deepEqual([...resizeRows(table, 1).data], [0.5]);
  });

  test('a grid that is linear along an axis stays so away from its border', () => {
    const grid = floatTensor(
      [1, 4, 4, 1],
      Float32Array.from({ length: 16 }, (_, i) => i % 4),
    );
    const row = [...resizeGrid(grid, 8).data.slice(0, 8)];
    assert.deepEqual(row, [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]);
  });

  test('the gradient of a resized grid is the adjoint of resizing', () => {
    const size = fc.integer({ min: 1, max: 7 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.integer({ min: 1, max: 3 }),
        fc.infiniteStream(fc.integer({ min: -9, max: 9 })),
        (height, width, side, channels, stream) => {
          const draw = (shape: number[]): FloatTensor =>
            floatTensor(
              shape,
              Float32Array.from({ length: sizeOf(shape) }, () => stream.next().value as number),
            );
          const grid = draw([1, height, width, channels]);
          const gradient = draw([1, side, side, channels]);
          const forward = dot(resizeGrid(grid, side), gradient);
          const back = dot(grid, resizeGridGradient(gradient, grid.shape));
          assert.ok(Math.abs(forward - back) <= 1e-3 + 1e-5 * Math.abs(forward), `${forward} and ${back}`);
        },
      ),
    );
  });
});

function dot(a: FloatTensor, b: FloatTensor): number {
  return a.data.reduce((sum, value, i) => sum + value * (b.data[i] ?? NaN), 0);
}
