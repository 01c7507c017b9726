import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Executor } from '../../src/graph/executor.ts';
import { Graph, encodeModel, gradients } from '../../src/graph/index.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { VESSEL_LOSS, segmentationLoss } from '../../src/training/loss.ts';
import type { LossOptions } from '../../src/training/loss.ts';
import { downloadFloats } from '../../src/training/plan-io.ts';

const SIDE = 8;
const SHAPE = [2, 1, SIDE, SIDE];
const PIXELS = SIDE * SIDE;
const LOGITS = floatTensor(
  SHAPE,
  Float32Array.from({ length: 2 * PIXELS }, (_, i) => Math.sin(i) * 2),
);
/** A structure of three pixels in the first sample, and none in the second. */
const TARGET = floatTensor(
  SHAPE,
  Float32Array.from({ length: 2 * PIXELS }, (_, i) => (i >= 20 && i < 23 ? 1 : 0)),
);
/** The last column does not count. */
const VALID = floatTensor(
  SHAPE,
  Float32Array.from({ length: 2 * PIXELS }, (_, i) => (i % SIDE < SIDE - 1 ? 1 : 0)),
);

/** The focal term by its definition, pixel by pixel. */
function focalOf({ focalAlpha, focalGamma, inverseFrequency }: LossOptions): number {
  let [total, counted] = [0, 0];
  for (let sample = 0; sample < 2; sample++) {
    const range = Array.from({ length: PIXELS }, (_, i) => sample * PIXELS + i);
    const truth = (i: number): number => (TARGET.data[i] ?? 0) * (VALID.data[i] ?? 0);
    const area = range.reduce((sum, i) => sum + truth(i), 0) / PIXELS;
    for (const i of range) {
      const inside = TARGET.data[i] === 1;
      const p = 1 / (1 + Math.exp(-(LOGITS.data[i] ?? 0)));
      const right = inside ? p : 1 - p;
      const rarity =
        inside && inverseFrequency ? 1 + inverseFrequency.share / (area + inverseFrequency.floor) : 1;
      const alpha = inside ? focalAlpha : 1 - focalAlpha;
      total += (VALID.data[i] ?? 0) * rarity * alpha * (1 - right) ** focalGamma * -Math.log(right);
      counted += VALID.data[i] ?? 0;
    }
  }
  return total / counted;
}

describe('the focal term', () => {
  let executor: Executor;
  before(async () => {
    ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
  });
  after(() => executor.dispose());

  async function measured(options: LossOptions, counts = VALID): Promise<number> {
    const graph = new Graph();
    const [logits, target, valid] = [
      graph.input('logits', SHAPE),
      graph.input('target', SHAPE),
      graph.input('valid', SHAPE),
    ];
    graph.output('focal', segmentationLoss(logits, target, valid, [], options).focal);
    const program = await executor.compile(encodeModel(graph), { hostOutputs: ['focal'] });
    const upload = (tensor: FloatTensor) => executor.upload(tensor);
    const inputs = {
      logits: await upload(LOGITS),
      target: await upload(TARGET),
      valid: await upload(counts),
    };
    const { focal } = await program.run(inputs);
    assert.ok(focal);
    return (await downloadFloats(executor, focal)).data[0] ?? NaN;
  }

  test('is the mean over the pixels that count', async () => {
    assert.ok(Math.abs((await measured(VESSEL_LOSS)) - focalOf(VESSEL_LOSS)) < 1e-6);
  });

  test('is nothing where no pixel counts', async () => {
    assert.equal(await measured(VESSEL_LOSS, floatTensor(SHAPE)), 0);
  });

  test('weighs the pixels of small structures more by inverse frequency', async () => {
    const weighted: LossOptions = { ...VESSEL_LOSS, inverseFrequency: { share: 0.08, floor: 0.004 } };
    const value = await measured(weighted);
    assert.ok(Math.abs(value - focalOf(weighted)) < 1e-6);
    assert.ok(value > (await measured(VESSEL_LOSS)), 'no pixel weighs more');
  });
});

describe('the Dice term of each sample by itself', () => {
  const OPTIONS: LossOptions = { ...VESSEL_LOSS, diceOver: 'sample' };
  let executor: Executor;
  before(async () => {
    ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
  });
  after(() => executor.dispose());

  /** Of the two samples and as many more, which are as the first but nothing of which counts. */
  async function measured(surplus: number): Promise<{ dice: number; gradient: Float32Array }> {
    const shape = [2 + surplus, 1, SIDE, SIDE];
    const graph = new Graph();
    const [logits, target, valid] = [
      graph.input('logits', shape),
      graph.input('target', shape),
      graph.input('valid', shape),
    ];
    const { dice } = segmentationLoss(logits, target, valid, [], OPTIONS);
    const [slope] = gradients(graph, dice, [logits]);
    assert.ok(slope);
    graph.output('dice', dice);
    graph.output('slope', slope);
    const program = await executor.compile(encodeModel(graph), { hostOutputs: ['dice', 'slope'] });
    const first = ({ data }: FloatTensor) =>
      Array.from({ length: surplus }, () => [...data.subarray(0, PIXELS)]);
    const upload = (tensor: FloatTensor, more: readonly number[][]) =>
      executor.upload(floatTensor(shape, Float32Array.from([...tensor.data, ...more.flat()])));
    const outputs = await program.run({
      logits: await upload(LOGITS, first(LOGITS)),
      target: await upload(TARGET, first(TARGET)),
      valid: await upload(VALID, first(floatTensor(SHAPE))),
    });
    assert.ok(outputs['dice'] && outputs['slope']);
    const value = (await downloadFloats(executor, outputs['dice'])).data[0] ?? NaN;
    return { dice: value, gradient: (await downloadFloats(executor, outputs['slope'])).data.slice() };
  }

  test('is the same, and pulls as hard, beside samples of which nothing counts', async () => {
    const alone = await measured(0);
    for (const surplus of [1, 2]) {
      const beside = await measured(surplus);
      assert.ok(
        Math.abs(beside.dice - alone.dice) < 1e-6,
        `${beside.dice} beside ${surplus}, ${alone.dice} alone`,
      );
      for (const [i, slope] of beside.gradient.entries()) {
        const before = alone.gradient[i] ?? 0;
        assert.ok(
          Math.abs(slope - before) <= 1e-6 * Math.abs(before),
          `${slope} beside ${surplus}, ${before} alone`,
        );
      }
    }
  });
});
