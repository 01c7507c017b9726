/** Real models on frames with two structures: what a user's run does, at a size that takes seconds. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseMethod } from '../../src/adapters/index.ts';
import type { MethodInput } from '../../src/adapters/index.ts';
import type { Executor } from '../../src/graph/executor.ts';
import { svd } from '../../src/linalg/svd.ts';
import { randomSamWeights } from '../../src/model/checkpoint/random-weights.ts';
import { hashedTextEncoder } from '../../src/model/text/hashed-text-encoder.ts';
import type { TrainingEvent } from '../../src/protocol/events.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { AUGMENTATIONS } from '../../src/training/augmentation.ts';
import type { TrainingJob, TrainingSubject } from '../../src/training/job.ts';
import { samSubject } from '../../src/training/sam-subject.ts';
import { train } from '../../src/training/trainer.ts';
import type { TrainingSample } from '../../src/training/training-sample.ts';
import { unetSubject } from '../../src/training/unet-subject.ts';
import { TINY_SAM, TINY_SIZE } from '../adapters/tiny-sam.ts';
import { greyFrame, toySettings } from './toy-task.ts';

let executor: Executor;
before(async () => {
  ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
});
after(() => executor.dispose());

const WORDS = ['bright', 'dark'];

/** A bright and a dark disc on grey, in frames that are not square. */
function twoDiscs(count: number, width = 44, height = 36): TrainingSample[] {
  const random = createRandom(3);
  return Array.from({ length: count }, (_, n) => {
    const centres = [0, 1].map((half) => ({
      x: (half + 0.3 + 0.4 * random.uniform()) * (width / 2),
      y: (0.3 + 0.4 * random.uniform()) * height,
    }));
    const masks = centres.map(({ x, y }) =>
      Uint8Array.from({ length: width * height }, (_, i) =>
        Math.hypot((i % width) - x, Math.floor(i / width) - y) < 8 ? 1 : 0,
      ),
    );
    const pixels = Float32Array.from({ length: width * height }, (_, i) => {
      return 128 + 90 * ((masks[0]?.[i] ?? 0) - (masks[1]?.[i] ?? 0)) + 8 * random.normal();
    });
    return {
      id: `frame ${n}`,
      group: `patient ${n >> 1}`,
      loadFrame: () => Promise.resolve(greyFrame(width, height, pixels)),
      masks: new Map(
        WORDS.map((word, w) => [
          word,
          () => Promise.resolve({ width, height, data: masks[w] ?? new Uint8Array() }),
        ]),
      ),
    };
  });
}

async function losses(job: TrainingJob, plan: 'whole' | 'staged') {
  const events: TrainingEvent[] = [];
  const result = await train(job, { executor, plan, onEvent: (event) => events.push(event) });
  const totals = events.flatMap((event) => (event.kind === 'step' ? [event.loss.total] : []));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { result, first: mean(totals.slice(0, 10)), last: mean(totals.slice(-10)) };
}

function sam(method: MethodInput): Promise<TrainingSubject> {
  return samSubject({
    base: { name: 'tiny', weightsHash: 'none', config: TINY_SAM, weights: randomSamWeights(TINY_SAM, 1) },
    method: parseMethod(method),
    imageSize: TINY_SIZE,
    batchSize: 2,
    seed: 1,
    words: WORDS,
    encoder: hashedTextEncoder(TINY_SAM.textDim),
    factor: (tasks) => Promise.resolve(tasks.map(({ matrix, rows, cols }) => svd(matrix, rows, cols))),
    executor,
  });
}

describe('the whole path', () => {
  for (const [name, method, plan] of [
    ['SALT', { method: 'salt', rank: 4, loraRank: 4 }, 'staged'],
    ['LoRA', { method: 'lora', rank: 4 }, 'whole'],
  ] as const) {
    it(`lowers the loss of a small random SAM with ${name}`, async () => {
      const settings = toySettings({
        words: ['bright'],
        budget: { steps: 120 },
        augmentation: AUGMENTATIONS.none,
        schedule: { learningRate: 0.05, warmUpSteps: 10 },
        evaluation: { everySteps: 60 },
      });
      const { result, first, last } = await losses(
        { subject: await sam(method), settings, samples: twoDiscs(6) },
        plan,
      );
      assert.ok(last < 0.85 * first, `${first} to ${last}`);
      assert.deepEqual(
        result.history.map(({ step }) => step),
        [0, 60, 120],
      );
      assert.ok(result.heldOutSamples.length > 0);
    });
  }

  it('teaches a U-Net two words at once, on crops, and judges it on whole frames', async () => {
    const settings = toySettings({
      words: WORDS,
      budget: { steps: 100 },
      crop: 'native',
      augmentation: AUGMENTATIONS.vessels,
      schedule: { learningRate: 0.01, warmUpSteps: 5 },
      evaluation: { everySteps: 50, flips: 4 },
    });
    const subject = await unetSubject({
      config: { poolings: 2, features: 4, fold: 1, localContrast: false, outputs: 2 },
      imageSize: 32,
      batchSize: 2,
      seed: 1,
    });
    const { result, first, last } = await losses({ subject, settings, samples: twoDiscs(6) }, 'whole');
    assert.ok(last < 0.7 * first, `${first} to ${last}`);
    assert.ok((result.score?.dice ?? 0) > 0.8, `Dice ${result.score?.dice}`);
  });
});
