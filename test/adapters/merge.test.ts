import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createAdapter } from '../../src/adapters/adapter.ts';
import { exportOnnx } from '../../src/adapters/export-onnx.ts';
import { encodeMergedSam } from '../../src/adapters/merged-file.ts';
import { mergeWeights } from '../../src/adapters/merge.ts';
import { parseMethod } from '../../src/adapters/method-config.ts';
import type { MethodInput } from '../../src/adapters/method-config.ts';
import { ops } from '../../src/graph/index.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import { bytesSource } from '../../src/model/checkpoint/byte-source.ts';
import { loadSamWeights } from '../../src/model/checkpoint/load-sam.ts';
import { openSafetensors } from '../../src/model/checkpoint/safetensors.ts';
import { randomSamWeights, randomTextAffine } from '../../src/model/checkpoint/random-weights.ts';
import { prepareSamWeights, samModel } from '../../src/model/sam/index.ts';
import { initialBuiltInText } from '../../src/model/text/built-in-text.ts';
import { allStages } from '../../src/model/segmentation-model.ts';
import type { Stage } from '../../src/model/segmentation-model.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { relativeError, runGraph } from './run-layer.ts';
import {
  PLAIN,
  randomBatch,
  runModel,
  STEMMED_SAM,
  svdOfWeights,
  TINY_SAM,
  TINY_SIZE,
  tinySam,
  tinyWeights,
  trainedTensors,
} from './tiny-sam.ts';

const METHODS: Record<string, MethodInput> = {
  'SALT from its random start': { method: 'salt', rank: 9, loraRank: 3 },
  'SALT with ranks for each kind': {
    method: 'salt',
    rankMlp: 5,
    rankNeck: 0,
    loraRank: 20,
    start: 'identity',
  },
  'SALT of the last block': { method: 'salt', rank: 4, lastBlocks: 1 },
  'S-SAM': { method: 'ssam' },
  LoRA: { method: 'lora', rank: 3, alpha: 1.5 },
  'LoRA of convolutions': { method: 'lora', layers: ['neck', 'proj'] },
  'norm-only': { method: 'norm' },
  full: { method: 'full' },
};

describe('a merged model', async () => {
  const { executor } = await openNodeDevice('cpu', { threads: 1 });
  after(() => executor.dispose());
  const model = tinySam(2);
  const weights = tinyWeights();
  const batch = randomBatch(model, 3);
  const base = await runModel(executor, model, PLAIN, weights, batch);

  for (const [name, method] of Object.entries(METHODS)) {
    test(`gives the masks of ${name}`, async () => {
      const adapter = createAdapter(parseMethod(method), allStages(model));
      const { all, trained } = await trainedTensors(adapter, weights, 4);
      const adapted = await runModel(executor, model, adapter, all, batch);
      const merged = await mergeWeights(weights, adapter, trained, svdOfWeights(weights), executor);
      assert.deepEqual([...merged.keys()], [...weights.keys()], 'under the same names');
      const plain = await runModel(executor, model, PLAIN, merged, batch);
      assert.ok(relativeError(plain, adapted) < 1e-5, `off by ${relativeError(plain, adapted)}`);
      assert.ok(relativeError(adapted, base) > 1e-2, 'the adapter does something');
    });
  }

  const salt = createAdapter(parseMethod({ method: 'salt', rank: 9, loraRank: 3 }), allStages(model));
  const { all, trained } = await trainedTensors(salt, weights, 4);
  const adapted = await runModel(executor, model, salt, all, batch);
  const merged = await mergeWeights(weights, salt, trained, svdOfWeights(weights), executor);

  test('comes back from safetensors under Meta names, at the size it was trained at', async () => {
    const textEncoder = initialBuiltInText(1);
    const bytes = encodeMergedSam(merged, { config: TINY_SAM, textEncoder }, TINY_SIZE);
    const loaded = await loadSamWeights(await openSafetensors(bytesSource(bytes)));
    assert.deepEqual(loaded.textEncoder, textEncoder, 'words are embedded as before');
    assert.deepEqual(loaded.config, { ...TINY_SAM, imageSize: TINY_SIZE });
    const prepared = prepareSamWeights(
      new Map([...loaded.weights, ...(loaded.textAffine ?? [])]),
      loaded.config,
      TINY_SIZE,
    );
    const logits = await runModel(executor, model, PLAIN, prepared, batch);
    assert.ok(relativeError(logits, adapted) < 1e-5);
  });

  test('runs as one ONNX file', async () => {
    const outputs = await runGraph(executor, exportOnnx(model, merged), batch);
    assert.deepEqual([...outputs.keys()], ['logits']);
    assert.ok(relativeError(outputs.get('logits') ?? [], adapted) < 1e-5);
  });

  test('is not written as ONNX when it is too large for one file', () => {
    const width = 30_000;
    const huge: Stage = {
      ...model.promptStage,
      build: (scope, x) =>
        scope.linear('huge', ops.reshape(x ?? missing(), [-1, width]), width, { bias: false }),
    };
    const embed: Stage = {
      name: 'embed',
      prefix: '',
      batchInputs: [{ name: 'image', shape: [1, width] }],
      activation: undefined,
      build: (_, __, { image }) => image ?? missing(),
    };
    assert.throws(() => exportOnnx({ ...model, imageStages: [embed], promptStage: huge }, new Map()), {
      code: 'INVALID_ARGUMENT',
      message: /safetensors instead/,
    });
  });

  test('is not made of values that do not fit, which are all listed', async () => {
    const broken = new Map(trained);
    broken.delete('text_affine.0.bias');
    broken.set('image_encoder.pos_embed', floatTensor([1, 6, 6, 16]));
    broken.set('extra', floatTensor([1]));
    await assert.rejects(mergeWeights(weights, salt, broken, svdOfWeights(weights), executor), {
      code: 'ADAPTER_INVALID',
      details: {
        missing: ['text_affine.0.bias'],
        surplus: ['extra'],
        misshapen: ['image_encoder.pos_embed [1, 6, 6, 16] instead of [1, 4, 4, 16]'],
      },
    });
  });

  test("keeps the stem's norms of an adapter of the last blocks from when they were trained", async () => {
    const stemmed = samModel(STEMMED_SAM, { batchSize: 1, imageSize: TINY_SIZE, prompts: { text: true } });
    const own = prepareSamWeights(
      new Map([...randomSamWeights(STEMMED_SAM, 1), ...randomTextAffine(STEMMED_SAM, 2)]),
      STEMMED_SAM,
      TINY_SIZE,
    );
    const adapter = createAdapter(parseMethod({ method: 'norm', lastBlocks: 1 }), allStages(stemmed));
    const { trained: values } = await trainedTensors(adapter, own, 4);
    const name = 'image_encoder.patch_embed.stem.norm1.bias';
    const before = new Map(values).set(name, floatTensor([8], new Float32Array(8).fill(0.5)));
    const kept = await mergeWeights(own, adapter, before, svdOfWeights(own), executor);
    assert.deepEqual(kept.get(name), before.get(name));
    await assert.rejects(
      mergeWeights(own, adapter, before.set(name, floatTensor([7])), svdOfWeights(own), executor),
      { code: 'ADAPTER_INVALID', message: /misshapen/ },
    );
  });

  test('is not made of weights of another image size', async () => {
    const other = new Map(weights).set('image_encoder.pos_embed', floatTensor([1, 6, 6, 16]));
    await assert.rejects(mergeWeights(other, salt, trained, svdOfWeights(weights), executor), {
      code: 'CHECKPOINT_MISMATCH',
      message: /merge at the image size/,
    });
  });

  test('cannot be written without all its weights', () => {
    const lacking = new Map(merged);
    lacking.delete('image_encoder.neck.0.weight');
    const expected = { code: 'CHECKPOINT_MISMATCH', message: /image_encoder\.neck\.0\.weight/ };
    assert.throws(() => encodeMergedSam(lacking, { config: TINY_SAM }, TINY_SIZE), expected);
    assert.throws(() => exportOnnx(model, lacking), expected);
  });
});

function missing(): never {
  throw new Error('the stage was built without its input');
}
