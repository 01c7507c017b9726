import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeModel } from '../../../src/graph/index.ts';
import type { TensorSpec } from '../../../src/graph/tensor.ts';
import { expectedTensors, expectedTextAffine } from '../../../src/model/checkpoint/sam-tensors.ts';
import { SAM_VIT_B, SAM_VIT_H, SAM_VIT_L } from '../../../src/model/sam-config.ts';
import { DENSE_POSITIONS, GAUSSIAN_MATRIX, samModel } from '../../../src/model/sam/index.ts';
import { allStages } from '../../../src/model/segmentation-model.ts';
import type { SegmentationModel } from '../../../src/model/segmentation-model.ts';
import { stageGraph } from './helpers.ts';

const EVERYTHING = { text: true, points: 3, mask: true };

/** Checkpoint names and shapes of all that the model reads. */
function declared(model: SegmentationModel): TensorSpec[] {
  return allStages(model).flatMap((stage) =>
    stageGraph(stage).tensors.map(({ name, shape }) => ({ name: stage.prefix + name, shape })),
  );
}

const byName = (specs: readonly TensorSpec[]): [string, readonly number[]][] =>
  specs
    .map(({ name, shape }): [string, readonly number[]] => [name, shape])
    .sort(([a], [b]) => (a < b ? -1 : 1));

describe('the tensors that the graphs read are those of the checkpoint', () => {
  for (const [name, config] of Object.entries({ B: SAM_VIT_B, L: SAM_VIT_L, H: SAM_VIT_H })) {
    for (const imageSize of [512, 1024]) {
      test(`ViT-${name} at ${imageSize} pixels`, () => {
        const options = { batchSize: 1, imageSize, outputs: 'all' as const };
        const { promptStage } = samModel(config, { ...options, prompts: { text: false } });
        const unprompted = stageGraph(promptStage).tensors.filter((spec) => spec.name.includes('no_mask'));
        const found = [...declared(samModel(config, { ...options, prompts: EVERYTHING })), ...unprompted];

        const own = [...expectedTensors({ ...config, imageSize }), ...expectedTextAffine(config)];
        // The frequencies are read on the host; the graph reads what was computed from them.
        const side = imageSize / config.patchSize;
        const expected = own.map((spec) =>
          spec.name === GAUSSIAN_MATRIX ? { name: DENSE_POSITIONS, shape: [side * side, 256] } : spec,
        );
        assert.deepEqual(byName(found), byName(expected));
      });
    }
  }
});

describe('stages', () => {
  const model = samModel(SAM_VIT_B, { batchSize: 2, imageSize: 512, prompts: { text: true } });
  const bytesOf = (name: string): Uint8Array => {
    const stage = model.imageStages.find((candidate) => candidate.name === name);
    assert.ok(stage, name);
    return encodeModel(stageGraph(stage).graph);
  };

  test('blocks of a kind have graphs that are equal to the byte', () => {
    assert.deepEqual(bytesOf('blocks.1'), bytesOf('blocks.0'));
    assert.deepEqual(bytesOf('blocks.10'), bytesOf('blocks.0'));
    assert.deepEqual(bytesOf('blocks.11'), bytesOf('blocks.2'));
    assert.notDeepEqual(bytesOf('blocks.2'), bytesOf('blocks.0'));
  });

  test('form a chain', () => {
    let activation: readonly number[] | undefined;
    for (const stage of allStages(model)) {
      assert.deepEqual(stage.activation, activation, stage.name);
      activation = stageGraph(stage).graph.outputs.get('output')?.shape;
    }
    assert.deepEqual(activation, model.logitsShape);
    assert.deepEqual(model.logitsShape, [2, 1, 128, 128]);
  });

  test('a size that patches do not fill is refused', () => {
    for (const imageSize of [0, -16, 500, NaN]) {
      assert.throws(() => samModel(SAM_VIT_B, { batchSize: 1, imageSize, prompts: { text: true } }), {
        code: 'INVALID_ARGUMENT',
        message: /multiple of 16/,
      });
    }
  });
});
