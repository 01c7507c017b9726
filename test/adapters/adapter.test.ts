import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAdapter } from '../../src/adapters/adapter.ts';
import type { Adapter } from '../../src/adapters/adapter.ts';
import { parseMethod } from '../../src/adapters/method-config.ts';
import type { MethodInput } from '../../src/adapters/method-config.ts';
import { stageTensors } from '../../src/adapters/stage-tensors.ts';
import { Graph, encodeModel } from '../../src/graph/index.ts';
import { buildStage } from '../../src/adapters/stage-tensors.ts';
import { samModel } from '../../src/model/sam/index.ts';
import { allStages } from '../../src/model/segmentation-model.ts';
import type { Stage } from '../../src/model/segmentation-model.ts';
import { UNET_DEFAULTS, unetModel } from '../../src/model/unet.ts';
import { STEMMED_SAM, tinySam } from './tiny-sam.ts';

const STAGES = allStages(tinySam());
const create = (method: MethodInput): Adapter => createAdapter(parseMethod(method), STAGES);
const layerNames = (adapter: Adapter): string[] =>
  adapter.layers.map(({ name }) => name.replace('image_encoder.', ''));

describe('which layers are adapted', () => {
  const block = (i: number): string[] =>
    ['attn.qkv', 'attn.proj', 'mlp.lin1', 'mlp.lin2'].map((name) => `blocks.${i}.${name}`);

  test('SALT and S-SAM: attention, MLP and neck of the image encoder', () => {
    const all = [...block(0), ...block(1), ...block(2), 'neck.0', 'neck.2'];
    assert.deepEqual(layerNames(create({ method: 'salt' })), all);
    assert.deepEqual(layerNames(create({ method: 'ssam' })), all);
  });

  test('LoRA: qkv and MLP', () => {
    const names = layerNames(create({ method: 'lora' }));
    assert.deepEqual(
      names,
      [0, 1, 2].flatMap((i) => block(i).filter((name) => !name.endsWith('proj'))),
    );
  });

  test('the kinds that were chosen', () => {
    assert.deepEqual(layerNames(create({ method: 'salt', layers: ['proj', 'neck'] })), [
      'blocks.0.attn.proj',
      'blocks.1.attn.proj',
      'blocks.2.attn.proj',
      'neck.0',
      'neck.2',
    ]);
  });

  test('only the last blocks, beside the neck', () => {
    assert.deepEqual(layerNames(create({ method: 'salt', lastBlocks: 1 })), [
      ...block(2),
      'neck.0',
      'neck.2',
    ]);
    assert.deepEqual(layerNames(create({ method: 'salt', lastBlocks: 0 })), ['neck.0', 'neck.2']);
  });
});

describe('what is trained', () => {
  const common = create({ method: 'norm' });

  test('norms of encoder and decoder, positions and text affine; not the norms of the mask prompt', () => {
    const names = common.trainable.map(({ name }) => name);
    for (const name of [
      'image_encoder.pos_embed',
      'image_encoder.blocks.1.norm2.bias',
      'image_encoder.neck.1.weight',
      'image_encoder.neck.3.bias',
      'mask_decoder.transformer.layers.1.norm4.weight',
      'mask_decoder.transformer.norm_final_attn.bias',
      'mask_decoder.output_upscaling.1.weight',
      'text_affine.0.weight',
      'text_affine.2.bias',
    ]) {
      assert.ok(names.includes(name), name);
    }
    assert.equal(names.length, 1 + 12 + 4 + 16 + 2 + 2 + 4);
    assert.equal(common.isTrainable('prompt_encoder.mask_downscaling.1.weight'), false);
    assert.equal(common.isTrainable('image_encoder.blocks.0.attn.rel_pos_h'), false);
    assert.equal(common.isTrainable('image_encoder.blocks.0.attn.qkv.bias'), false);
  });

  test('the factors of the frozen weight stay frozen, and the weight itself is not needed', () => {
    const salt = create({ method: 'salt', rank: 5, loraRank: 2 });
    const frozen = salt.frozen.map(({ name }) => name);
    const trainable = salt.trainable.map(({ name }) => name);
    const layer = 'image_encoder.blocks.0.mlp.lin1';
    for (const part of ['U', 'Vt', 's']) assert.ok(frozen.includes(`${layer}.salt.${part}`));
    for (const part of ['alpha', 'beta', 'X', 'Y']) assert.ok(trainable.includes(`${layer}.salt.${part}`));
    assert.ok(!frozen.includes(`${layer}.weight`));
    assert.ok(frozen.includes(`${layer}.bias`));
  });

  test('with the last blocks only, nothing below them is trained', () => {
    for (const method of ['salt', 'ssam', 'lora', 'norm'] as const) {
      const adapter = create({ method, lastBlocks: 1 });
      const below = STAGES.filter(({ name }) => ['embed', 'blocks.0', 'blocks.1'].includes(name));
      for (const stage of below) assert.deepEqual(stageTensors(stage, adapter).trainable, []);
      assert.ok(adapter.isTrainable('image_encoder.blocks.2.norm1.weight'));
      assert.ok(adapter.isTrainable('mask_decoder.output_upscaling.1.weight'));
    }
  });

  test('nor the norms of a stem, which would ask for the gradient of every block', () => {
    const stages = allStages(samModel(STEMMED_SAM, { batchSize: 1, imageSize: 64, prompts: { text: true } }));
    const stemNorms = [0, 1, 2].flatMap((i) =>
      ['weight', 'bias'].map((part) => `image_encoder.patch_embed.stem.norm${i}.${part}`),
    );
    const trainsStem = (method: MethodInput): string[] =>
      createAdapter(parseMethod(method), stages)
        .trainable.map(({ name }) => name)
        .filter((name) => name.startsWith('image_encoder.patch_embed.'));
    for (const method of ['salt', 'ssam', 'lora', 'norm'] as const) {
      assert.deepEqual(trainsStem({ method }), stemNorms);
      assert.deepEqual(trainsStem({ method, lastBlocks: 1 }), []);
    }
  });

  test('a U-Net can be trained in full or by its norms', () => {
    const stages = allStages(unetModel(UNET_DEFAULTS, { batchSize: 1, imageSize: 32 }));
    assert.equal(createAdapter({ method: 'full' }, stages).frozen.length, 0);
    const norms = createAdapter({ method: 'norm' }, stages).trainable;
    assert.equal(norms.length, 36);
    assert.ok(norms.every(({ name }) => /\.norm[12]\.(weight|bias)$/.test(name)));
  });
});

test('equal blocks under an adapter still build equal graphs', () => {
  for (const method of ['salt', 'ssam', 'lora'] as const) {
    const adapter = create({ method });
    const encoded = ['blocks.0', 'blocks.2'].map((name) => {
      const stage = STAGES.find((candidate) => candidate.name === name);
      assert.ok(stage);
      return encodeStage(stage, adapter);
    });
    assert.deepEqual(encoded[0], encoded[1]);
  }
});

function encodeStage(stage: Stage, adapter: Adapter): Uint8Array {
  const graph = new Graph();
  const built = buildStage(stage, graph, ({ name, shape }) => graph.input(name, shape), adapter);
  graph.output('activation.next', built.output);
  return encodeModel(graph);
}

describe('methods that cannot work', () => {
  const refused = (method: unknown, message: RegExp, stages = STAGES): void => {
    assert.throws(() => createAdapter(parseMethod(method), stages), { code: 'INVALID_ARGUMENT', message });
  };

  test('more blocks than there are', () =>
    refused({ method: 'salt', lastBlocks: 4 }, /last 4 blocks.*has 3/));
  test('no layer of the kinds named', () =>
    refused({ method: 'lora', lastBlocks: 0 }, /finds none of its layers/));
  test('an adapter for a U-Net', () => {
    const stages = allStages(unetModel(UNET_DEFAULTS, { batchSize: 1, imageSize: 32 }));
    refused({ method: 'salt' }, /A U-Net trains with "full"/, stages);
  });
  test('unknown fields, by name', () => refused({ method: 'salt', ranks: 3 }, /ranks/));
  test('unknown methods', () => refused({ method: 'dora' }, /method/));
  test('a low rank of nothing', () => refused({ method: 'salt', loraRank: 0 }, /loraRank/));
  test('a layer named twice', () => refused({ method: 'ssam', layers: ['qkv', 'qkv'] }, /once/));
});

test('one rank stands for all kinds of layers', () => {
  const { layers } = create({ method: 'salt', rank: 7, rankMlp: 3 });
  assert.deepEqual(new Set(layers.map(({ split }) => split?.top)), new Set([7]));
});
