import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Graph, gradients, ops, sizeOf } from '../../src/graph/index.ts';
import type { Value } from '../../src/graph/index.ts';
import { Scope } from '../../src/model/scope.ts';
import { allStages } from '../../src/model/segmentation-model.ts';
import {
  expectedUnetTensors,
  initialUnetWeights,
  UNET_DEFAULTS,
  unetConfigSchema,
  unetModel,
} from '../../src/model/unet.ts';
import type { UnetConfig } from '../../src/model/unet.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { interpret } from '../graph/interpreter.ts';
import { tensor } from '../graph/interpreter-kernels.ts';
import type { Tensor } from '../graph/interpreter-kernels.ts';
import { runOnnx } from '../graph/derivatives.ts';

const TINY: UnetConfig = { poolings: 2, features: 2, fold: 1, localContrast: false, outputs: 2 };

interface Built {
  readonly graph: Graph;
  readonly weights: ReadonlyMap<string, Value>;
  readonly logits: Value;
}

/** The whole network with its weights as inputs. */
function build(config: UnetConfig, batchSize: number, imageSize: number): Built {
  const model = unetModel(config, { batchSize, imageSize });
  const graph = new Graph();
  const weights = new Map<string, Value>();
  const scope = new Scope(graph, ({ name, shape }) => {
    const value = graph.input(name, shape);
    weights.set(name, value);
    return value;
  });
  let activation: Value | undefined;
  for (const stage of allStages(model)) {
    const batch = Object.fromEntries(
      stage.batchInputs.map(({ name, shape }) => [name, graph.input(name, shape)]),
    );
    assert.deepEqual(activation?.shape, stage.activation);
    activation = stage.build(scope, activation, batch);
  }
  assert.deepEqual(activation?.shape, model.logitsShape);
  return { graph, weights, logits: activation };
}

function weightFeeds(config: UnetConfig, seed: number): Record<string, Tensor> {
  return Object.fromEntries(
    [...initialUnetWeights(config, seed)].map(([name, { shape, data }]) => [name, tensor(shape, data)]),
  );
}

function randomTensor(shape: readonly number[], seed: number): Tensor {
  const random = createRandom(seed);
  return tensor(
    shape,
    Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );
}

/** Mean cross entropy of each pixel's logits against targets of 0 and 1. */
function crossEntropy({ graph, logits }: Built): Value {
  const target = graph.input('target', logits.shape);
  const signed = ops.mul(logits, ops.sub(graph.scalar(1), ops.mul(target, 2)));
  return ops.mean(ops.softplus(signed));
}

describe('the U-Net', () => {
  test('has the tensors that its checkpoint lists', () => {
    for (const config of [
      TINY,
      UNET_DEFAULTS,
      { poolings: 1, features: 5, fold: 1 as const, localContrast: false, outputs: 3 },
    ]) {
      const { weights } = build(config, 1, 2 ** config.poolings);
      const named = (name: string, shape: readonly number[]): string => `${name} [${shape.join(', ')}]`;
      assert.deepEqual(
        new Set([...weights].map(([name, { shape }]) => named(name, shape))),
        new Set(expectedUnetTensors(config).map(({ name, shape }) => named(name, shape))),
      );
      assert.deepEqual(new Set(initialUnetWeights(config, 0).keys()), new Set(weights.keys()));
    }
  });

  test('has 1.81 million weights at its default size', () => {
    const total = expectedUnetTensors(UNET_DEFAULTS).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    assert.equal(total, 1_812_017);
  });

  test('takes any image that can be halved often enough, and refuses others', () => {
    assert.deepEqual(unetModel(TINY, { batchSize: 3, imageSize: 12 }).logitsShape, [3, 2, 12, 12]);
    for (const imageSize of [0, 2, 10, 4.5]) {
      assert.throws(() => unetModel(TINY, { batchSize: 1, imageSize }), {
        code: 'INVALID_ARGUMENT',
        message: /multiple of 4/,
      });
    }
  });

  test('refuses configurations that are none', () => {
    for (const wrong of [{ poolings: 0 }, { features: 0 }, { outputs: 1.5 }, { poolings: 9 }, { depth: 4 }]) {
      assert.throws(() => unetConfigSchema.parse({ ...UNET_DEFAULTS, ...wrong }));
    }
    assert.deepEqual(unetConfigSchema.parse({ ...UNET_DEFAULTS }), UNET_DEFAULTS);
  });

  test('starts from equal weights for equal seeds, and keeps the size of its signal', () => {
    assert.deepEqual(initialUnetWeights(TINY, 3), initialUnetWeights(TINY, 3));
    assert.notDeepEqual(initialUnetWeights(TINY, 3), initialUnetWeights(TINY, 4));
    const weight = initialUnetWeights(UNET_DEFAULTS, 1).get('bottom.conv2.weight')!.data;
    const variance = weight.reduce((sum, w) => sum + w * w, 0) / weight.length;
    assert.ok(Math.abs(variance / (2 / (256 * 9)) - 1) < 0.02, `variance ${variance}`);
  });

  test('is differentiated as finite differences have it, through every layer at once', () => {
    const size = 8;
    const built = build(TINY, 2, size);
    const loss = crossEntropy(built);
    built.graph.output('loss', loss);
    const forward = build(TINY, 2, size);
    forward.graph.output('loss', crossEntropy(forward));
    const names = [...built.weights.keys()];
    gradients(built.graph, loss, [...built.weights.values()]).forEach((gradient, i) => {
      built.graph.output(`d ${names[i]}`, gradient);
    });
    const feeds: Record<string, Tensor> = {
      ...weightFeeds(TINY, 1),
      image: randomTensor([2, 3, size, size], 2),
      target: tensor(
        [2, 2, size, size],
        randomTensor([2, 2, size, size], 3).data.map((v) => Number(v > 0)),
      ),
    };
    const exact = interpret(built.graph, feeds);
    const step = 1e-6;
    for (const name of names) {
      const direction = randomTensor(feeds[name]!.shape, 5);
      const lossAt = (distance: number): number => {
        const moved = feeds[name]!.data.map((w, i) => w + distance * direction.data[i]!);
        return interpret(forward.graph, { ...feeds, [name]: tensor(direction.shape, moved) }).loss!.data[0]!;
      };
      const measured = (lossAt(step) - lossAt(-step)) / (2 * step);
      const claimed = exact[`d ${name}`]!.data.reduce((sum, g, i) => sum + g * direction.data[i]!, 0);
      assert.ok(Math.abs(measured - claimed) < 1e-7, `${name}: measured ${measured}, claimed ${claimed}`);
    }
  });

  test('learns to tell bright pixels from dark ones in twenty steps', async () => {
    const config = { poolings: 1, features: 4, fold: 1 as const, localContrast: false, outputs: 1 };
    const size = 16;
    const built = build(config, 2, size);
    const loss = crossEntropy(built);
    built.graph.output('loss', loss);
    const names = [...built.weights.keys()];
    gradients(built.graph, loss, [...built.weights.values()]).forEach((gradient, i) => {
      const name = names[i]!;
      built.graph.output(`new ${name}`, ops.sub(built.weights.get(name)!, ops.mul(gradient, 3)));
    });
    const image = randomTensor([2, 3, size, size], 7);
    const pixels = size ** 2;
    const bright = Array.from({ length: 2 * pixels }, (_, i) =>
      Number(image.data[Math.floor(i / pixels) * 3 * pixels + (i % pixels)]! > 0),
    );
    let weights = weightFeeds(config, 1);
    const losses: number[] = [];
    for (let i = 0; i < 20; i++) {
      const answer = await runOnnx(built.graph, {
        ...weights,
        image,
        target: tensor([2, 1, size, size], bright),
      });
      losses.push(answer.loss!.data[0]!);
      weights = Object.fromEntries(names.map((name) => [name, answer[`new ${name}`]!]));
    }
    assert.ok(losses.at(-1)! < 0.5 * losses[0]!, `losses ${losses.map((v) => v.toFixed(3)).join(' ')}`);
  });
});
