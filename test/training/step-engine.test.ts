import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DeviceTensor, Executor } from '../../src/graph/executor.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { StepEngine } from '../../src/training/step-engine.ts';
import type { Batch } from '../../src/training/batches.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import { SIDE, toySettings, toySubject } from './toy-task.ts';

/** Passes everything on, and knows the tensors that were made and not disposed. */
function counting(executor: Executor): { executor: Executor; alive: () => number } {
  const inner = new Map<DeviceTensor, DeviceTensor>();
  const wrap = (tensor: DeviceTensor): DeviceTensor => {
    const outer: DeviceTensor = {
      dtype: tensor.dtype,
      shape: tensor.shape,
      dispose() {
        assert.ok(inner.delete(outer), 'a tensor is disposed once');
        tensor.dispose();
      },
    };
    inner.set(outer, tensor);
    return outer;
  };
  const unwrap = (outer: DeviceTensor): DeviceTensor => {
    const tensor = inner.get(outer);
    assert.ok(tensor, 'a tensor is not used once it was disposed');
    return tensor;
  };
  const mapped = (
    tensors: Readonly<Record<string, DeviceTensor>>,
    map: (one: DeviceTensor) => DeviceTensor,
  ) => Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, map(tensor)]));
  return {
    alive: () => inner.size,
    executor: {
      device: executor.device,
      async compile(model, options) {
        const program = await executor.compile(model, options);
        return {
          run: async (feeds) => mapped(await program.run(mapped(feeds, unwrap)), wrap),
          dispose: () => program.dispose(),
        };
      },
      upload: async (tensor) => wrap(await executor.upload(tensor)),
      download: (tensor) => executor.download(unwrap(tensor)),
      dispose: () => Promise.resolve(),
    },
  };
}

describe('StepEngine', () => {
  let cpu: Executor;
  before(async () => {
    ({ executor: cpu } = await openNodeDevice('cpu', { threads: 1 }));
  });
  after(() => cpu.dispose());

  const batch = (image: number): Batch => ({
    image: floatTensor([2, 3, SIDE, SIDE], new Float32Array(6 * SIDE * SIDE).fill(image)),
    target: floatTensor([2, 1, SIDE, SIDE]),
    valid: floatTensor([2, 1, SIDE, SIDE], new Float32Array(2 * SIDE * SIDE).fill(1)),
  });

  for (const plan of ['whole', 'staged'] as const) {
    it(`keeps nothing of an accumulated step that ends half way, ${plan}`, async () => {
      const { executor, alive } = counting(cpu);
      const settings = toySettings({ accumulate: 3 });
      const engine = await StepEngine.open({ executor, plan }, toySubject(), settings);
      const options = { step: 1, learningRate: 0.01, shouldStop: () => false };
      await engine.step(() => Promise.resolve(batch(0.5)), options);
      const before = alive();

      const [failed] = await Promise.allSettled([
        engine.step(batchesThenFailure(batch(0.5)), { ...options, step: 2 }),
      ]);
      assert.equal(failed.status, 'rejected');
      assert.equal(alive(), before, 'after a failure');

      let given = 0;
      const report = await engine.step(() => Promise.resolve(batch(given++ < 2 ? 0.5 : NaN)), {
        ...options,
        step: 2,
      });
      assert.ok('suspect' in report);
      assert.equal(alive(), before, 'after a NaN');

      await engine.step(() => Promise.resolve(batch(0.5)), { ...options, step: 2 });
      assert.equal(alive(), before, 'after a whole step');
      await engine.dispose();
      assert.equal(alive(), 0);
    });
  }
});

/** The second batch can still be read, the third no more. */
function batchesThenFailure(batch: Batch): () => Promise<Batch> {
  let given = 0;
  return () => (given++ < 2 ? Promise.resolve(batch) : Promise.reject(new Error('no more')));
}
