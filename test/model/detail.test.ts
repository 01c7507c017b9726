import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createAdapter, parseMethod } from '../../src/adapters/index.ts';
import type { Executor } from '../../src/graph/executor.ts';
import { floatTensor, sizeOf } from '../../src/graph/tensor.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { compileStages } from '../../src/inference/stage-programs.ts';
import { bytesSource } from '../../src/model/checkpoint/byte-source.ts';
import { loadSamWeights, samMetadata } from '../../src/model/checkpoint/load-sam.ts';
import { randomSamWeights, randomTextAffine } from '../../src/model/checkpoint/random-weights.ts';
import { openSafetensors } from '../../src/model/checkpoint/safetensors.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import {
  detailModel,
  expectedDetailTensors,
  randomDetailWeights,
  silentDetailWeights,
} from '../../src/model/detail/index.ts';
import type { DetailConfig } from '../../src/model/detail/index.ts';
import { prepareSamWeights } from '../../src/model/sam/index.ts';
import { samConfigSchema } from '../../src/model/sam-config.ts';
import { allStages } from '../../src/model/segmentation-model.ts';
import type { SegmentationModel } from '../../src/model/segmentation-model.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { ADAMW_DEFAULTS } from '../../src/training/adamw.ts';
import { SALT_LOSS } from '../../src/training/loss.ts';
import { StepEngine } from '../../src/training/step-engine.ts';
import { TINY_SAM } from '../adapters/tiny-sam.ts';

const SIDE = 64;
const HEAD: DetailConfig = { poolings: 3, features: 4, fold: 2, localContrast: true };
const TEXT = { text: true } as const;

let executor: Executor;
before(async () => {
  ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
});
after(() => executor.dispose());

type Weights = Map<string, FloatTensor>;

function samWeights(): Weights {
  const all = new Map([...randomSamWeights(TINY_SAM, 1), ...randomTextAffine(TINY_SAM, 2)]);
  return prepareSamWeights(all, TINY_SAM, SIDE);
}

function noise(shape: readonly number[], seed: number): FloatTensor {
  const random = createRandom(seed);
  return floatTensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );
}

async function run(
  model: SegmentationModel,
  weights: Weights,
  batch: Readonly<Record<string, FloatTensor>>,
): Promise<Float32Array> {
  const chain = await compileStages(executor, allStages(model), weights, { toHost: true });
  const feeds = Object.fromEntries(
    await Promise.all(
      Object.entries(batch).map(async ([name, tensor]) => [name, await executor.upload(tensor)] as const),
    ),
  );
  const output = await executor.download(await chain.run(undefined, feeds));
  await chain.dispose();
  assert.deepEqual(output.shape, model.logitsShape);
  return Float32Array.from(output.data as Float32Array);
}

describe('the detail head', () => {
  const image = noise([1, 3, SIDE, SIDE], 3);
  const words = noise([2, TINY_SAM.textDim], 4);

  test('says nothing until it is trained: the masks are those of SAM alone, to the bit', async () => {
    const head = silentDetailWeights(TINY_SAM, HEAD, randomDetailWeights(TINY_SAM, HEAD, 5), 6);
    const model = detailModel(TINY_SAM, HEAD, {
      batchSize: 1,
      imageSize: SIDE,
      prompts: TEXT,
      outputs: 'both',
    });
    const text = floatTensor([1, TINY_SAM.textDim], words.data.slice(0, TINY_SAM.textDim));
    const both = await run(model, new Map([...samWeights(), ...head]), { image, text_embedding: text });
    const [corrected, own] = [both.subarray(0, SIDE * SIDE), both.subarray(SIDE * SIDE)];
    assert.deepEqual(corrected, own);
    assert.ok(new Set(own).size > 100, 'SAM draws something');
  });

  test('keeps how it sees when it is joined to another SAM', () => {
    const from = randomDetailWeights(TINY_SAM, HEAD, 5);
    const other = { ...TINY_SAM, outChans: 32, promptEmbedDim: 32 };
    const head = silentDetailWeights(other, HEAD, from, 6);
    assert.deepEqual(head.get('detail.down.0.conv1.weight'), from.get('detail.down.0.conv1.weight'));
    assert.deepEqual(head.get('detail.join.weight')?.shape, [8, 4, 1, 1]);
    assert.ok(head.get('detail.hyper.layers.1.weight')?.data.every((value) => value === 0));
  });

  test('answers several prompts of one image as it answers each alone', async () => {
    const weights = new Map([...samWeights(), ...randomDetailWeights(TINY_SAM, HEAD, 5)]);
    const options = { batchSize: 1, imageSize: SIDE, prompts: TEXT };
    const together = await run(detailModel(TINY_SAM, HEAD, { ...options, promptsPerImage: 2 }), weights, {
      image,
      text_embedding: words,
    });
    for (const i of [0, 1]) {
      const width = TINY_SAM.textDim;
      const word = floatTensor([1, width], words.data.slice(i * width, (i + 1) * width));
      const alone = await run(detailModel(TINY_SAM, HEAD, options), weights, { image, text_embedding: word });
      const worst = alone.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - (together[i * SIDE * SIDE + at] ?? NaN))),
        0,
      );
      assert.ok(worst < 1e-4, `prompt ${i} differs by ${worst}`);
    }
  });

  test('travels in the checkpoint, with a stem and the text affine layer', async () => {
    const config = samConfigSchema.parse({ ...TINY_SAM, stem: [8, 8, 16] });
    const weights = new Map([...randomSamWeights(config, 1), ...randomTextAffine(config, 2)]);
    const head = randomDetailWeights(config, HEAD, 5);
    const file = encodeSafetensors(new Map([...weights, ...head]), samMetadata(config, HEAD));
    const loaded = await loadSamWeights(await openSafetensors(bytesSource(file)));
    assert.deepEqual(loaded.config, config);
    assert.ok(loaded.detail);
    assert.deepEqual(loaded.detail.config, HEAD);
    assert.deepEqual([...loaded.detail.weights].sort(), [...head].sort());
    const embedded = await run(
      detailModel(config, HEAD, { batchSize: 1, imageSize: SIDE, prompts: TEXT }),
      prepareSamWeights(new Map([...weights, ...head]), config, SIDE),
      { image, text_embedding: floatTensor([1, config.textDim], new Float32Array(config.textDim)) },
    );
    assert.ok(embedded.every(Number.isFinite));

    const [lost] = head.keys();
    const lacking = new Map([...weights, ...head].filter(([name]) => name !== lost));
    const damaged = await openSafetensors(bytesSource(encodeSafetensors(lacking, samMetadata(config, HEAD))));
    await assert.rejects(loadSamWeights(damaged), (error: unknown) => {
      assert.ok(error instanceof SaltError);
      assert.equal(error.code, 'CHECKPOINT_MISMATCH');
      assert.deepEqual(error.details['missing'], [lost]);
      return true;
    });
  });

  test('refuses a SAM whose mask features are on none of its grids', () => {
    const coarse = { ...HEAD, fold: 4 as const };
    const fine = { ...TINY_SAM, patchSize: 8 };
    assert.throws(
      () => expectedDetailTensors(fine, coarse),
      (error: unknown) => error instanceof SaltError && error.code === 'INVALID_ARGUMENT',
    );
  });

  test('is all that "head" trains beside the text affine layer', () => {
    const model = detailModel(TINY_SAM, HEAD, { batchSize: 1, imageSize: SIDE, prompts: TEXT });
    const { trainable } = createAdapter(parseMethod({ method: 'head' }), allStages(model));
    assert.deepEqual(
      new Set(trainable.map(({ name }) => name.split('.')[0])),
      new Set(['detail', 'text_affine']),
    );
    assert.equal(
      trainable.filter(({ name }) => name.startsWith('detail.')).length,
      expectedDetailTensors(TINY_SAM, HEAD).length,
    );
  });

  test('learns lines that are finer than the grid of SAM, where SAM cannot', async () => {
    // One pixel of four is the structure: on SAM's grid every cell looks the same.
    const target = floatTensor([1, 1, SIDE, SIDE]);
    const picture = noise([1, 3, SIDE, SIDE], 7);
    for (let i = 0; i < SIDE * SIDE; i++) {
      if ((i % SIDE) % 4 !== 1) continue;
      target.data[i] = 1;
      for (let plane = 0; plane < 3; plane++) picture.data[plane * SIDE * SIDE + i] = -3;
    }
    const valid = floatTensor([1, 1, SIDE, SIDE], new Float32Array(SIDE * SIDE).fill(1));
    const text = floatTensor([1, TINY_SAM.textDim], words.data.slice(0, TINY_SAM.textDim));
    const subject = {
      model: detailModel(TINY_SAM, HEAD, { batchSize: 1, imageSize: SIDE, prompts: TEXT }),
      values: new Map([
        ...samWeights(),
        ...silentDetailWeights(TINY_SAM, HEAD, randomDetailWeights(TINY_SAM, HEAD, 5), 6),
      ]),
    };
    const adapter = createAdapter(parseMethod({ method: 'head' }), allStages(subject.model));
    const engine = await StepEngine.open(
      { executor },
      { ...subject, adapter },
      {
        loss: SALT_LOSS,
        optimiser: ADAMW_DEFAULTS,
        accumulate: 1,
        clipNorm: 1,
      },
    );
    let dice = 1;
    for (let step = 1; step <= 100; step++) {
      const report = await engine.step(
        () => Promise.resolve({ image: picture, text_embedding: text, target, valid }),
        { step, learningRate: 0.01, shouldStop: () => false },
      );
      assert.ok('loss' in report);
      dice = report.loss.dice;
    }
    await engine.dispose();
    // A mask that is the same in all of a cell has Dice 0.4 at best.
    assert.ok(1 - dice > 0.6, `Dice ${1 - dice}`);
  });
});
