import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAdapter } from '../../src/adapters/adapter.ts';
import { parseMethod } from '../../src/adapters/method-config.ts';
import type { MethodInput } from '../../src/adapters/method-config.ts';
import { countParameters, samDenominators } from '../../src/adapters/parameters.ts';
import type { ParameterCount } from '../../src/adapters/parameters.ts';
import { SALT_TINY, SALT_TINY_DETAIL } from '../../src/model/salt-tiny.ts';
import { randomDetailWeights } from '../../src/model/detail/index.ts';
import { SAM_VIT_B, samConfigSchema } from '../../src/model/sam-config.ts';
import { samModel } from '../../src/model/sam/index.ts';
import { allStages } from '../../src/model/segmentation-model.ts';
import { UNET_DEFAULTS, expectedUnetTensors, unetModel } from '../../src/model/unet.ts';
import { sizeOf } from '../../src/graph/tensor.ts';
import { runNoteText } from '../../src/protocol/run-note.ts';
import { TINY_SAM, tinySam } from './tiny-sam.ts';

const VIT_B = allStages(samModel(SAM_VIT_B, { batchSize: 1, imageSize: 512, prompts: { text: true } }));

function count(method: MethodInput, stages = VIT_B): ParameterCount {
  return countParameters(
    createAdapter(parseMethod(method), stages),
    samDenominators({ config: SAM_VIT_B }, 512),
  );
}

/** norms 42,624 + positions 786,432 + text affine 131,840 */
const COMMON = 960_896;

describe('trainable parameters of ViT-B at 512 px', () => {
  // The published table: 1.04 M, 1.48 M, 33.99 M, 1.14 M and 9.93 M.
  const table: [string, MethodInput, number][] = [
    ['norm-only', { method: 'norm' }, COMMON],
    ['S-SAM', { method: 'ssam' }, 1_035_648],
    ['LoRA of rank 4', { method: 'lora', rank: 4 }, 1_476_992],
    ['LoRA of rank 256', { method: 'lora', rank: 256 }, 33_991_040],
    ['SALT with low rank 4', { method: 'salt', loraRank: 4 }, 1_140_264],
    ['SALT with low rank 256', { method: 'salt', loraRank: 256 }, 9_928_008],
  ];
  for (const [name, method, expected] of table) {
    test(`${name}: ${expected}`, () => {
      const { trainable, groups } = count(method);
      assert.equal(trainable, expected);
      assert.deepEqual(groups, {
        norms: 42_624,
        positions: 786_432,
        detail: 0,
        textAffine: 131_840,
        adapter: expected - COMMON,
        weights: 0,
      });
    });
  }

  test('full counts every parameter of the graph, and no buffer', () => {
    const adapter = createAdapter({ method: 'full' }, VIT_B);
    assert.deepEqual(
      adapter.frozen.map(({ name }) => name),
      ['prompt_encoder.pe_layer.dense'],
    );
  });

  test('percentages name what they refer to', () => {
    const [alone, withClip] = count({ method: 'salt' }).shares;
    assert.equal(alone?.parameters, 91_343_408);
    assert.equal(withClip?.parameters, 91_343_408 + 151_277_313);
    assert.match(alone.name, /SAM alone/);
    assert.match(withClip.name, /CLIP ViT-B\/32/);
    assert.equal(alone.percent.toFixed(2), '10.87');
    assert.equal(withClip.percent.toFixed(2), '4.09');
    // As PyTorch counts Meta's module at its own size.
    assert.equal(samDenominators({ config: SAM_VIT_B }, 1024)[0]?.parameters, 93_735_472);
  });

  test('tells how the singular values of each kind of layer are shared out', () => {
    const { layers, notes } = count({ method: 'salt' });
    assert.deepEqual(
      layers.map(({ kind, layers: n, singularValues: v }) => [kind, n, v?.all, v?.top, v?.rest]),
      [
        ['qkv', 12, 768, 760, 8],
        ['proj', 12, 768, 760, 8],
        ['lin1', 12, 768, 50, 718],
        ['lin2', 12, 768, 50, 718],
        ['neck', 2, 256, 250, 6],
      ],
    );
    assert.deepEqual(notes, []);
  });
});

test('a rank above what a layer has puts all its values on top, and says so', () => {
  const stages = allStages(tinySam());
  const salt = countParameters(
    createAdapter(parseMethod({ method: 'salt', layers: ['qkv', 'lin1'], rankMlp: 10 }), stages),
    samDenominators({ config: TINY_SAM }, 64),
  );
  assert.deepEqual(
    salt.layers.map(({ kind, singularValues }) => [kind, singularValues?.top, singularValues?.rest]),
    [
      ['qkv', 16, 0],
      ['lin1', 10, 6],
    ],
  );
  assert.equal(salt.notes.length, 1);
  assert.match(salt.notes.map(runNoteText).join(), /qkv: rank 760 .* 16 singular values/);
});

test('layers of one kind whose singular values are shared out in two ways are told apart', () => {
  // The first convolution of this neck has 96 singular values, the second 256.
  const config = samConfigSchema.parse({
    ...TINY_SAM,
    embedDim: 96,
    outChans: 256,
    promptEmbedDim: 256,
  });
  const stages = allStages(samModel(config, { batchSize: 1, imageSize: 64, prompts: { text: true } }));
  const method = parseMethod({ method: 'salt', layers: ['neck'], rankNeck: 200 });
  const { layers, notes } = countParameters(createAdapter(method, stages), []);
  assert.deepEqual(layers, [
    { kind: 'neck', layers: 1, singularValues: { all: 96, top: 96, rest: 0 } },
    { kind: 'neck', layers: 1, singularValues: { all: 256, top: 200, rest: 56 } },
  ]);
  assert.equal(notes.length, 1);
  assert.match(notes.map(runNoteText).join(), /neck: rank 200 .* 1 of 2 layers has 96 singular values/);
});

test('percentages of a SAM with a detail head refer to both', () => {
  const config = SALT_TINY;
  const weights = randomDetailWeights(config, SALT_TINY_DETAIL, 1);
  const head = [...weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const [alone] = samDenominators({ config }, 512);
  const [both] = samDenominators({ config, detail: { config: SALT_TINY_DETAIL, weights } }, 512);
  assert.equal(both?.parameters, (alone?.parameters ?? 0) + head);
  assert.match(both.name, /detail head/);
});

test('a U-Net in full counts all its weights', () => {
  const stages = allStages(unetModel(UNET_DEFAULTS, { batchSize: 1, imageSize: 64 }));
  const expected = expectedUnetTensors(UNET_DEFAULTS).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  assert.equal(countParameters(createAdapter({ method: 'full' }, stages), []).trainable, expected);
});
