import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { floatTensor } from '../../../src/graph/tensor.ts';
import type { FloatTensor } from '../../../src/graph/tensor.ts';
import { inferSamConfig } from '../../../src/model/checkpoint/infer-config.ts';
import { SAM_VIT_B } from '../../../src/model/sam-config.ts';
import {
  DENSE_POSITIONS,
  encodePoints,
  GAUSSIAN_MATRIX,
  pointPrompts,
  samModel,
} from '../../../src/model/sam/index.ts';
import type { PointPrompt, SamPrompts } from '../../../src/model/sam/index.ts';
import { densePositions } from '../../../src/model/sam/points.ts';
import { openNodeDevice } from '../../../src/runtime/node.ts';
import { openReference, relativeError, runGraph, stageGraph } from './helpers.ts';

const SIDE = 5;
const IMAGE_SIZE = 16 * SIDE;

describe("all masks and predicted overlaps are those of Meta's modules", async () => {
  const { executor } = await openNodeDevice('cpu', { threads: 1 });
  after(() => executor.dispose());
  const file = await openReference('prompts');
  const weights = new Map(
    file.names.flatMap((name) =>
      name.startsWith('weights/') ? [[name.slice('weights/'.length), file.float32(name)] as const] : [],
    ),
  );
  const matrix = weights.get(GAUSSIAN_MATRIX) ?? floatTensor([2, 0]);
  const channels = 2 * (matrix.shape[1] ?? 0);
  const decoder = inferSamConfig(
    new Map([
      ...[...weights].map(([name, { shape }]) => [name, shape] as const),
      ['image_encoder.pos_embed', [1, SIDE, SIDE, channels]],
      ['image_encoder.blocks.0.attn.rel_pos_h', [2 * SIDE - 1, channels]],
    ]),
  );
  const config = { ...decoder, decoderNumHeads: 4 };

  const labels = file.integers('input/labels');
  const clicks = labels.map((label, i): PointPrompt => {
    assert.ok(label === 0 || label === 1);
    const [x = NaN, y = NaN] = file.float32('input/points').data.slice(2 * i);
    return { x, y, label };
  });
  const [left = NaN, top = NaN, right = NaN, bottom = NaN] = file.float32('input/box').data;
  const box = { left, top, right, bottom };

  const cases: Record<string, { points?: PointPrompt[]; mask?: boolean }> = {
    points: { points: pointPrompts(clicks) },
    box: { points: pointPrompts([], box) },
    'points-box': { points: pointPrompts(clicks, box) },
    mask: { mask: true },
    'points-mask': { points: pointPrompts(clicks), mask: true },
  };
  for (const [name, { points = [], mask = false }] of Object.entries(cases)) {
    test(name, async () => {
      const prompts: SamPrompts = { text: false, points: points.length, mask };
      const options = { batchSize: 1, imageSize: IMAGE_SIZE, prompts };
      const { encoding, types } = encodePoints(matrix, points, IMAGE_SIZE);
      const values = new Map([
        ...weights,
        [DENSE_POSITIONS, densePositions(matrix, SIDE)],
        ['activation', channelsLast(file.float32('input/image_embedding'))],
        ['point_encoding', { ...encoding, shape: [1, ...encoding.shape] }],
        ['point_types', { ...types, shape: [1, ...types.shape] }],
        ['mask_input', file.float32('input/mask')],
      ]);
      const all = await runGraph(
        stageGraph(samModel(config, { ...options, outputs: 'all' }).promptStage).graph,
        values,
        executor,
      );
      const masks = file.float32(`output/${name}/masks`);
      assert.deepEqual(all['output']?.shape, masks.shape);
      assert.ok(relativeError(all['output'], masks) < 5e-6, `${relativeError(all['output'], masks)}`);
      const overlaps = file.float32(`output/${name}/iou`);
      assert.ok(relativeError(all['iou_predictions'], overlaps) < 5e-6);

      const single = await runGraph(
        stageGraph(samModel(config, options).promptStage).graph,
        values,
        executor,
      );
      const first = floatTensor([1, 1, 20, 20], masks.data.slice(0, 400));
      assert.ok(relativeError(single['output'], first) < 5e-6);
      assert.deepEqual(Object.keys(single), ['output']);
    });
  }
});

function channelsLast({ shape: [n = 0, c = 0, h = 0, w = 0], data }: FloatTensor): FloatTensor {
  const result = floatTensor([n, h, w, c]);
  for (let i = 0; i < h * w; i++) {
    for (let k = 0; k < c; k++) result.data[i * c + k] = data[k * h * w + i] ?? NaN;
  }
  return result;
}

describe('point prompts', () => {
  const matrix = floatTensor([2, 1], Float32Array.of(0.25, 0.125));

  test('clicks without a box are followed by a padding point', () => {
    const click = { x: 3, y: 4, label: 1 } as const;
    assert.deepEqual(pointPrompts([click]), [click, { x: 0, y: 0, label: -1 }]);
  });

  test('a box stands at the end, without padding', () => {
    const box = { left: 1, top: 2, right: 3, bottom: 4 };
    assert.deepEqual(pointPrompts([], box), [
      { x: 1, y: 2, label: 2 },
      { x: 3, y: 4, label: 3 },
    ]);
    assert.deepEqual(pointPrompts([]), []);
  });

  test('a point is encoded from the centre of its pixel', () => {
    const { encoding, types } = encodePoints(matrix, [{ x: 7.5, y: 3.5, label: 0 }], 16);
    // (0.5, 0.25) -> 0 * 0.25 - 0.5 * 0.125 turns
    const angle = 2 * Math.PI * -0.0625;
    assert.deepEqual(encoding.data, Float32Array.of(Math.sin(angle), Math.cos(angle)));
    assert.deepEqual([...types.data], [1, 0, 0, 0, 0]);
  });

  test('padding has a type and no place', () => {
    const { encoding, types } = encodePoints(matrix, [{ x: 0, y: 0, label: -1 }], 16);
    assert.deepEqual([...encoding.data], [0, 0]);
    assert.deepEqual([...types.data], [0, 0, 0, 0, 1]);
  });

  test('a point that is nowhere is refused', () => {
    assert.throws(() => encodePoints(matrix, [{ x: NaN, y: 0, label: 1 }], 16), { code: 'INVALID_ARGUMENT' });
  });
});

test('no prompt at all is a prompt too', () => {
  const { promptStage } = samModel(SAM_VIT_B, { batchSize: 1, imageSize: 64, prompts: { text: false } });
  assert.deepEqual(promptStage.batchInputs, []);
  assert.deepEqual(stageGraph(promptStage).graph.outputs.get('output')?.shape, [1, 1, 16, 16]);
});
