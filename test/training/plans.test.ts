import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { DeviceTensor, Executor } from '../../src/graph/executor.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { choosePlan } from '../../src/training/choose-plan.ts';
import { FrozenTensors, frozenSpecs } from '../../src/training/frozen-tensors.ts';
import { SALT_LOSS } from '../../src/training/loss.ts';
import { downloadFloats } from '../../src/training/plan-io.ts';
import { layoutModel, pack } from '../../src/training/segments.ts';
import type { StepPlan } from '../../src/training/step-plan.ts';
import { randomTensors, toyModel, training } from './toy-model.ts';

const MODEL = toyModel();
const GIGABYTE = 2 ** 30;

async function open(): Promise<Executor> {
  return (await openNodeDevice('cpu', { threads: 1 })).executor;
}

interface Run {
  readonly kind: StepPlan['kind'];
  readonly total: number;
  readonly gradients: Float32Array[];
  readonly squaredNorms: readonly number[];
}

function randomBatch(): Record<string, FloatTensor> {
  const { image } = Object.fromEntries(randomTensors([{ name: 'image', shape: [2, 3, 8, 8] }], 5));
  const target = floatTensor([2, 1, 8, 8]);
  const valid = floatTensor([2, 1, 8, 8]);
  for (let i = 0; i < 128; i++) {
    target.data[i] = i % 5 === 0 ? 1 : 0;
    valid.data[i] = i % 7 === 0 ? 0 : 1;
  }
  return { image: image ?? floatTensor([0]), target, valid };
}

async function step(
  executor: Executor,
  pattern: RegExp,
  kind: StepPlan['kind'],
  nudge?: [number, number, number],
): Promise<Run> {
  const adapter = training(pattern);
  const layout = layoutModel(MODEL, adapter);
  const trained = layout.segments.flatMap((segment) => segment.parameters);
  const values = randomTensors(
    [...trained, ...frozenSpecs(layout)].sort((a, b) => (a.name < b.name ? -1 : 1)),
    3,
  );
  const frozen = await FrozenTensors.upload(executor, layout, values);
  const vectors = layout.segments.map((segment) => pack(segment, values));
  if (nudge) {
    const [segment, index, by] = nudge;
    const vector = vectors[segment];
    if (vector) vector.data[index] = (vector.data[index] ?? 0) + by;
  }
  const parameters = await Promise.all(vectors.map((vector) => executor.upload(vector)));
  const batch: Record<string, DeviceTensor> = {};
  for (const [name, tensor] of Object.entries(randomBatch())) batch[name] = await executor.upload(tensor);
  const plan = await choosePlan(MODEL, layout, adapter, SALT_LOSS, GIGABYTE, kind).compile(frozen, executor);
  const { loss, gradients, squaredNorms } = await plan.gradients(parameters, batch);
  const hosts = await Promise.all(gradients.map((gradient) => downloadFloats(executor, gradient)));
  await plan.dispose();
  return {
    kind: plan.kind,
    total: loss.total,
    gradients: hosts.map(({ data }) => data.slice()),
    squaredNorms,
  };
}

describe('step plans', async () => {
  const executor = await open();
  after(() => executor.dispose());

  for (const [what, pattern] of [
    ['everything', /./],
    ['the last block and the head', /blocks\.1|head/],
    ['the first stage alone', /embed/],
  ] as const) {
    test(`both give the same loss and gradients when training ${what}`, async () => {
      const whole = await step(executor, pattern, 'whole');
      const staged = await step(executor, pattern, 'staged');
      assert.equal(whole.kind, 'whole');
      assert.equal(staged.kind, 'staged');
      assert.ok(Math.abs(whole.total - staged.total) < 1e-6, `${whole.total} against ${staged.total}`);
      assert.equal(whole.gradients.length, staged.gradients.length);
      whole.gradients.forEach((gradient, i) => {
        gradient.forEach((g, k) => {
          assert.ok(Math.abs(g - (staged.gradients[i]?.[k] ?? NaN)) < 1e-6, `segment ${i}, number ${k}`);
        });
        const squares = gradient.reduce((sum, g) => sum + g * g, 0);
        assert.ok(Math.abs(squares - (whole.squaredNorms[i] ?? NaN)) <= 1e-5 * squares);
      });
    });
  }

  test('the gradient is the slope of the loss', async () => {
    const { gradients } = await step(executor, /./, 'staged');
    const h = 1e-2;
    for (const [segment, index] of [
      [0, 3],
      [1, 17],
      [2, 40],
      [3, 1],
    ] as const) {
      const up = await step(executor, /./, 'whole', [segment, index, h]);
      const down = await step(executor, /./, 'whole', [segment, index, -h]);
      const slope = (up.total - down.total) / (2 * h);
      const found = gradients[segment]?.[index] ?? NaN;
      assert.ok(Math.abs(found - slope) < 1e-2 * Math.abs(slope) + 1e-4, `${found} against ${slope}`);
    }
  });

  test('equal stages share one program', async () => {
    let compiled = 0;
    const counting: Executor = {
      device: executor.device,
      compile: (model, options) => {
        compiled++;
        return executor.compile(model, options);
      },
      upload: (tensor) => executor.upload(tensor),
      download: (tensor) => executor.download(tensor),
      dispose: () => Promise.resolve(),
    };
    await step(counting, /./, 'staged');
    // Forward and backward of embed and of the block, and the head's loss graph: the second block adds none.
    assert.equal(compiled, 5);
  });

  test('a budget too small for either plan is refused with the bytes needed', () => {
    const adapter = training(/./);
    assert.throws(() => choosePlan(MODEL, layoutModel(MODEL, adapter), adapter, SALT_LOSS, 1000), {
      code: 'OUT_OF_MEMORY',
      message: /may take 1 kB/,
    });
  });

  test('nothing to train is refused', () => {
    assert.throws(() => layoutModel(MODEL, training(/nothing/)), { code: 'INVALID_ARGUMENT' });
  });
});
