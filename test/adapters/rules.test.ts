import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { lowRankRule } from '../../src/adapters/low-rank.ts';
import { singularValueRule, splitSingularValues } from '../../src/adapters/singular-values.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import { svd } from '../../src/linalg/svd.ts';
import type { Layer } from '../../src/model/scope.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { denseConv, denseLinear, loraWeight, matrix, saltWeight } from './dense.ts';
import type { Matrix, Numbers } from './dense.ts';
import { featuresIn, randomTensor, relativeError, runLayer } from './run-layer.ts';
import type { LayerCase } from './run-layer.ts';

const NARROW: LayerCase = { x: [2, 3, 4, 7], out: 5, bias: true };
const WIDE: LayerCase = { x: [6, 4], out: 9, bias: false };
const POINTWISE: LayerCase = {
  x: [2, 6, 3, 4],
  out: 5,
  bias: false,
  conv: { kernel: 1, stride: 1, padding: 0 },
};
const PADDED: LayerCase = { x: [2, 3, 4, 5], out: 6, bias: true, conv: { kernel: 3, stride: 1, padding: 1 } };
const STRIDED: LayerCase = {
  x: [1, 2, 7, 6],
  out: 4,
  bias: true,
  conv: { kernel: 3, stride: 2, padding: 1 },
};
const CASES = { narrow: NARROW, wide: WIDE, pointwise: POINTWISE, padded: PADDED, strided: STRIDED };

type Tensors = Record<string, FloatTensor>;

function layerOf(layer: LayerCase): Layer {
  return { name: 'layer', outFeatures: layer.out, inFeatures: featuresIn(layer), bias: layer.bias };
}

function dense(layer: LayerCase, x: Numbers, weight: Matrix, bias: Numbers | undefined): Float64Array {
  if (!layer.conv) {
    return denseLinear(matrix(x.length / weight.cols, weight.cols, x), weight, bias);
  }
  const [n = 0, c = 0, h = 0, w = 0] = layer.x;
  const y = denseConv(x, [n, c, h, w], weight, layer.conv);
  const pixels = y.length / n / layer.out;
  return y.map((value, i) => value + (bias?.[Math.floor(i / pixels) % layer.out] ?? 0));
}

function weightShape(layer: LayerCase): number[] {
  return layer.conv
    ? [layer.out, layer.x[1] ?? 0, layer.conv.kernel, layer.conv.kernel]
    : [layer.out, featuresIn(layer)];
}

/** Random factors: signs of alpha and of X Y vary, so that the ReLU clips on both blocks. */
function saltTensors(layer: LayerCase, rank: number, loraRank: number, seed: number): Tensors {
  const random = createRandom(seed);
  const k = Math.min(layer.out, featuresIn(layer));
  const top = Math.min(rank, k);
  const rest = k - top;
  const s = floatTensor(
    [k],
    Float32Array.from({ length: k }, (_, i) => (2 * (k - i)) / k),
  );
  const [, ...inner] = weightShape(layer);
  return {
    'salt.U': randomTensor(random, [layer.out, k]),
    'salt.Vt': randomTensor(random, [k, ...inner]),
    'salt.s': s,
    ...(top > 0
      ? { 'salt.alpha': randomTensor(random, [top]), 'salt.beta': randomTensor(random, [top], 0.5) }
      : {}),
    ...(rest > 0
      ? {
          'salt.X': randomTensor(random, [rest, loraRank]),
          'salt.Y': randomTensor(random, [loraRank, rest]),
        }
      : {}),
    ...(layer.bias ? { bias: randomTensor(random, [layer.out]) } : {}),
  };
}

interface DenseResult {
  readonly y: Float64Array;
  readonly penalty: number;
}

type Values = Readonly<Record<string, Numbers>>;

function denseSalt(layer: LayerCase, x: Numbers, values: Values): DenseResult {
  const part = (name: string): Numbers => values[`salt.${name}`] ?? new Float64Array();
  const { weight, penalty } = saltWeight({
    U: part('U'),
    Vt: part('Vt'),
    s: part('s'),
    alpha: part('alpha'),
    beta: part('beta'),
    X: part('X'),
    Y: part('Y'),
  });
  return { y: dense(layer, x, weight, values['bias']), penalty };
}

function numbers(tensors: Tensors): Record<string, Float64Array> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
}

/** Central differences of sum(y * weights) + penalty, in float64. */
function slopes(
  loss: (x: Float64Array, values: Record<string, Float64Array>) => number,
  x: FloatTensor,
  tensors: Tensors,
): Record<string, Float64Array> {
  const values = { ...numbers(tensors), x: Float64Array.from(x.data) };
  return Object.fromEntries(
    Object.entries(values).map(([name, data]) => [
      name,
      data.map((_, i) => {
        const before = data[i] ?? 0;
        const h = 1e-6;
        const at = (value: number): number => {
          data[i] = value;
          const { x: input, ...others } = values;
          return loss(input, others);
        };
        const slope = (at(before + h) - at(before - h)) / (2 * h);
        data[i] = before;
        return slope;
      }),
    ]),
  );
}

const dot = (a: Float64Array, b: Numbers): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

describe('layer rules', async () => {
  const { executor } = await openNodeDevice('cpu', { threads: 1 });
  after(() => executor.dispose());

  async function checkSalt(layer: LayerCase, rank: number, loraRank: number, seed: number): Promise<void> {
    const x = randomTensor(createRandom(seed + 1), layer.x);
    const tensors = saltTensors(layer, rank, loraRank, seed);
    const expected = denseSalt(layer, x.data, numbers(tensors));
    const weights = randomTensor(createRandom(seed + 2), [expected.y.length]).data;
    const rule = singularValueRule(splitSingularValues(layerOf(layer), rank, loraRank));
    const run = await runLayer(executor, rule, layer, x, tensors, weights);
    assert.ok(relativeError(run.y, expected.y) < 1e-5, 'output');
    assert.ok(relativeError([run.penalty], [expected.penalty]) < 1e-5, 'penalty');
    const loss = (input: Float64Array, values: Values): number => {
      const { y, penalty } = denseSalt(layer, input, values);
      return dot(y, weights) + penalty;
    };
    const trained = ['x', 'salt.alpha', 'salt.beta', 'salt.X', 'salt.Y', 'bias'];
    for (const [name, slope] of Object.entries(slopes(loss, x, tensors))) {
      if (!trained.includes(name)) continue;
      const error = relativeError(run.gradients[name] ?? [], slope);
      assert.ok(error < 1e-4, `gradient of ${name}: off by ${error}`);
    }
  }

  for (const [name, layer] of Object.entries(CASES)) {
    for (const rank of [0, 1, 3, 4, 100]) {
      test(`SALT of a ${name} layer with rank ${rank} is the composed formula, gradients included`, async () => {
        await checkSalt(layer, rank, 2, 100 + rank);
      });
    }
  }

  test('SALT takes a low rank above the number of values it updates', async () => {
    await checkSalt(NARROW, 3, 11, 7);
  });

  test('the clipped parts of the tests above are really clipped', () => {
    const tensors = saltTensors(NARROW, 3, 2, 103);
    const { 'salt.alpha': alpha, 'salt.beta': beta, 'salt.s': s, 'salt.X': x, 'salt.Y': y } = tensors;
    assert.ok(alpha?.data.some((a, i) => a * (s?.data[i] ?? 0) + (beta?.data[i] ?? 0) < 0));
    // Entry (0, 1) or (1, 0) of X Y, both r' = 2 wide.
    const entry = (i: number, j: number): number =>
      [0, 1].reduce((sum, d) => sum + (x?.data[2 * i + d] ?? 0) * (y?.data[2 * d + j] ?? 0), 0);
    assert.ok(entry(0, 1) < 0 || entry(1, 0) < 0);
  });

  async function plainAndAdapted(
    layer: LayerCase,
    rule: Parameters<typeof runLayer>[1],
    weight: FloatTensor,
    added: Tensors,
    keepsWeight: boolean,
  ): Promise<number> {
    const random = createRandom(5);
    const x = randomTensor(random, layer.x);
    const bias: Tensors = layer.bias ? { bias: randomTensor(random, [layer.out]) } : {};
    const count = dense(layer, x.data, matrix(layer.out, featuresIn(layer), weight.data), undefined).length;
    const none = new Float32Array(count);
    const plain = await runLayer(executor, undefined, layer, x, { weight, ...bias }, none);
    const tensors = { ...(keepsWeight ? { weight } : {}), ...added, ...bias };
    return relativeError((await runLayer(executor, rule, layer, x, tensors, none)).y, plain.y);
  }

  for (const [name, layer] of Object.entries(CASES)) {
    const weight = randomTensor(createRandom(11), weightShape(layer));
    const k = Math.min(layer.out, featuresIn(layer));
    const { u, s, vt } = svd(weight.data, layer.out, featuresIn(layer));
    const factors: Tensors = {
      'salt.U': floatTensor([layer.out, k], u),
      'salt.s': floatTensor([k], s),
      'salt.Vt': floatTensor([k, ...weightShape(layer).slice(1)], vt),
    };
    const onTop = (top: number): Tensors => ({
      'salt.alpha': floatTensor([top], new Float32Array(top).fill(1)),
      'salt.beta': floatTensor([top]),
    });

    test(`SALT's identity start leaves a ${name} layer as it was`, async () => {
      const rule = singularValueRule(splitSingularValues(layerOf(layer), 2, 3));
      const low = { 'salt.X': randomTensor(createRandom(2), [k - 2, 3]), 'salt.Y': floatTensor([3, k - 2]) };
      const added = { ...factors, ...onTop(2), ...low };
      assert.ok((await plainAndAdapted(layer, rule, weight, added, false)) < 1e-5);
    });

    test(`S-SAM starts a ${name} layer as it was`, async () => {
      const rule = singularValueRule(splitSingularValues(layerOf(layer), Infinity, 0));
      assert.ok((await plainAndAdapted(layer, rule, weight, { ...factors, ...onTop(k) }, false)) < 1e-5);
    });

    const a = randomTensor(createRandom(3), [2, ...weightShape(layer).slice(1)]);
    test(`LoRA starts a ${name} layer as it was`, async () => {
      const added = { 'lora.A': a, 'lora.B': floatTensor([layer.out, 2]) };
      const rule = lowRankRule({ rank: 2, scale: 1 });
      assert.ok((await plainAndAdapted(layer, rule, weight, added, true)) < 1e-6);
    });

    test(`LoRA of a ${name} layer is W + scale B A, gradients included`, async () => {
      const random = createRandom(17);
      const x = randomTensor(random, layer.x);
      const tensors: Tensors = {
        weight,
        'lora.A': a,
        'lora.B': randomTensor(random, [layer.out, 2]),
        ...(layer.bias ? { bias: randomTensor(random, [layer.out]) } : {}),
      };
      const denseLora = (input: Numbers, values: Values): Float64Array => {
        const part = (field: string): Numbers => values[field] ?? new Float64Array();
        const composed = loraWeight(
          matrix(layer.out, featuresIn(layer), part('weight')),
          matrix(2, featuresIn(layer), part('lora.A')),
          matrix(layer.out, 2, part('lora.B')),
          0.5,
        );
        return dense(layer, input, composed, values['bias']);
      };
      const expected = denseLora(x.data, numbers(tensors));
      const weights = randomTensor(random, [expected.length]).data;
      const run = await runLayer(executor, lowRankRule({ rank: 2, scale: 0.5 }), layer, x, tensors, weights);
      assert.ok(relativeError(run.y, expected) < 1e-5);
      assert.equal(run.penalty, 0);
      const loss = (input: Float64Array, values: Values): number => dot(denseLora(input, values), weights);
      for (const [field, slope] of Object.entries(slopes(loss, x, tensors))) {
        const error = relativeError(run.gradients[field] ?? [], slope);
        assert.ok(error < 1e-4, `gradient of ${field}: off by ${error}`);
      }
    });
  }
});
