import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Executor } from '../../src/graph/executor.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { ADAMW_DEFAULTS, AdamW } from '../../src/training/adamw.ts';
import { downloadFloats } from '../../src/training/plan-io.ts';
import type { Segment } from '../../src/training/step-plan.ts';

let executor: Executor;
before(async () => {
  ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
});
after(() => executor.dispose());

const random = createRandom(3);
const vectorOf = (length: number, draw: () => number): FloatTensor =>
  floatTensor([length], Float32Array.from({ length }, draw));

function segmentsOf(lengths: readonly number[]): Segment[] {
  return lengths.map((length, i) => ({ stage: `stage ${i}`, parameters: [], length }));
}

/** One vector, in doubles, as Loshchilov & Hutter write it (Decoupled Weight Decay Regularization, algorithm 2). */
function plainAdamW(start: Float32Array, gradients: readonly Float32Array[], rate: number, scale: number) {
  const { beta1, beta2, epsilon, weightDecay } = ADAMW_DEFAULTS;
  return Array.from(start, (value, k) => {
    let [parameter, first, second] = [value, 0, 0];
    for (const [i, gradient] of gradients.entries()) {
      const g = (gradient[k] ?? NaN) * scale;
      first = beta1 * first + (1 - beta1) * g;
      second = beta2 * second + (1 - beta2) * g * g;
      const [m, v] = [first / (1 - beta1 ** (i + 1)), second / (1 - beta2 ** (i + 1))];
      parameter -= rate * weightDecay * parameter + (rate * m) / (Math.sqrt(v) + epsilon);
    }
    return parameter;
  });
}

async function update(lengths: readonly number[], steps: number) {
  const starts = lengths.map((length) => vectorOf(length, () => random.normal()));
  const gradients = Array.from({ length: steps }, () =>
    lengths.map((length) => vectorOf(length, () => 3 * random.normal())),
  );
  const optimiser = await AdamW.create(executor, segmentsOf(lengths), ADAMW_DEFAULTS);
  let parameters = await Promise.all(starts.map((start) => executor.upload(start)));
  for (const [i, ofStep] of gradients.entries()) {
    const uploaded = await Promise.all(ofStep.map((gradient) => executor.upload(gradient)));
    parameters = await optimiser.apply(parameters, uploaded, {
      learningRate: 0.02,
      scale: 0.5,
      step: i + 1,
    });
  }
  const ended = await Promise.all(parameters.map((tensor) => downloadFloats(executor, tensor)));
  await optimiser.dispose();
  return { starts, gradients, ended };
}

describe('AdamW', () => {
  it('moves every segment as the algorithm says', async () => {
    // The last two are of one length, and share a program.
    const { starts, gradients, ended } = await update([7, 1000, 5, 5], 3);
    for (const [s, start] of starts.entries()) {
      const expected = plainAdamW(
        start.data,
        gradients.map((ofStep) => ofStep[s]?.data ?? new Float32Array()),
        0.02,
        0.5,
      );
      const worst = expected.reduce(
        (most, value, k) => Math.max(most, Math.abs(value - (ended[s]?.data[k] ?? NaN))),
        0,
      );
      assert.ok(worst < 1e-6, `segment ${s} is off by ${worst}`);
    }
  });
});
