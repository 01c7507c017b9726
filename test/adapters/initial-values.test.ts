import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAdapter } from '../../src/adapters/adapter.ts';
import type { Adapter } from '../../src/adapters/adapter.ts';
import { adapterTensors, initialTrainedValues } from '../../src/adapters/initial-values.ts';
import { parseMethod } from '../../src/adapters/method-config.ts';
import type { MethodInput } from '../../src/adapters/method-config.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { allStages } from '../../src/model/segmentation-model.ts';
import { svdOfWeights, tinySam, tinyWeights } from './tiny-sam.ts';

const WEIGHTS = tinyWeights();
const LAYER = 'image_encoder.blocks.1.attn.qkv';

const create = (method: MethodInput): Adapter => createAdapter(parseMethod(method), allStages(tinySam()));

function deviation({ data }: FloatTensor): number {
  return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
}

function read(tensors: ReadonlyMap<string, FloatTensor>, name: string): FloatTensor {
  const tensor = tensors.get(name);
  assert.ok(tensor, name);
  return tensor;
}

test('every tensor that the adapter adds has a value of its shape, and no other tensor has', async () => {
  for (const method of ['salt', 'ssam', 'lora', 'norm', 'full'] as const) {
    const adapter = create(method === 'salt' ? { method, rank: 5 } : { method });
    const values = await adapterTensors(adapter, svdOfWeights(WEIGHTS), 1);
    const specs = [...adapter.trainable, ...adapter.frozen].filter(({ name }) => !WEIGHTS.has(name));
    assert.deepEqual(
      new Map([...values].map(([name, { shape }]) => [name, shape])),
      new Map(specs.map(({ name, shape }) => [name, shape])),
    );
  }
});

test('SALT starts with alpha 1, beta 0 and small X and Y', () => {
  const values = initialTrainedValues(create({ method: 'salt', rank: 5, loraRank: 64 }), 1);
  assert.ok(read(values, `${LAYER}.salt.alpha`).data.every((value) => value === 1));
  assert.ok(read(values, `${LAYER}.salt.beta`).data.every((value) => value === 0));
  for (const part of ['X', 'Y']) {
    const spread = deviation(read(values, `${LAYER}.salt.${part}`));
    assert.ok(Math.abs(spread - 0.01) < 0.001, `${part}: ${spread}`);
  }
});

test('the identity start has Y zero and X of rows near length 1', () => {
  const values = initialTrainedValues(
    create({ method: 'salt', rank: 5, loraRank: 64, start: 'identity' }),
    1,
  );
  assert.ok(read(values, `${LAYER}.salt.Y`).data.every((value) => value === 0));
  assert.ok(Math.abs(deviation(read(values, `${LAYER}.salt.X`)) * 8 - 1) < 0.1);
});

test('LoRA starts with B zero and A of variance 1 / in', () => {
  const values = initialTrainedValues(create({ method: 'lora', rank: 32 }), 1);
  assert.ok(read(values, `${LAYER}.lora.B`).data.every((value) => value === 0));
  assert.ok(Math.abs(deviation(read(values, `${LAYER}.lora.A`)) * 4 - 1) < 0.1);
});

test('equal seeds start equally, others do not, and no two layers share their numbers', () => {
  const adapter = create({ method: 'salt', rank: 5, loraRank: 2 });
  assert.deepEqual(initialTrainedValues(adapter, 3), initialTrainedValues(adapter, 3));
  const [a, b] = [initialTrainedValues(adapter, 3), initialTrainedValues(adapter, 4)];
  const name = `${LAYER}.salt.X`;
  assert.notDeepEqual(read(a, name).data, read(b, name).data);
  assert.notDeepEqual(read(a, name).data, read(a, name.replace('blocks.1', 'blocks.0')).data);
});
