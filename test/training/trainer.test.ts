import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Executor } from '../../src/graph/executor.ts';
import type { TrainingEvent } from '../../src/protocol/events.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import type { TrainingHost, TrainingJob, TrainingResult } from '../../src/training/job.ts';
import { LESSON } from '../../src/training/fingerprint.ts';
import type { TrainingSample } from '../../src/training/training-sample.ts';
import { decodeTrainingState, encodeTrainingState } from '../../src/training/training-state.ts';
import { memoryStore, only, runToy, toyJob } from './toy-run.ts';
import { discSamples, greyFrame, sampleOf, toySettings, toySubject } from './toy-task.ts';

let executor: Executor;
before(async () => {
  ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
});
after(() => executor.dispose());

const run = (job: TrainingJob, host?: Partial<TrainingHost>) => runToy(executor, job, host);

const bytesOf = (result: TrainingResult): string =>
  [...result.trained]
    .map(
      ([name, { data }]) =>
        `${name}:${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')}`,
    )
    .join('\n');

describe('train', () => {
  it('lowers the loss and keeps the step that did best on held-out samples', async () => {
    const { result, events } = await run(toyJob({ settings: toySettings({ budget: { epochs: 40 } }) }));
    const losses = only(events, 'step').map(({ loss }) => loss.total);
    assert.equal(losses.length, 160);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    assert.ok(mean(losses.slice(-10)) < 0.6 * mean(losses.slice(0, 10)), `${losses[0]} to ${losses.at(-1)}`);
    const scores = only(events, 'evaluation');
    const best = Math.max(...scores.slice(1).map(({ score }) => score.dice));
    assert.equal(result.score?.dice, best);
    assert.ok(best > 0.8, `Dice ${best}`);
    assert.equal(scores.find(({ step }) => step === result.step)?.best, true);
    assert.equal(result.heldOutSamples.length, 2);
    assert.equal(result.trainingSamples.length, 8);
    assert.equal(result.reason, 'budget');
  });

  it('gives equal bytes for equal seeds and others for another', async () => {
    const [a, b, c] = [
      await run(toyJob()),
      await run(toyJob()),
      await run(toyJob({ settings: toySettings({ seed: 2 }) })),
    ];
    assert.equal(bytesOf(a.result), bytesOf(b.result));
    assert.notEqual(bytesOf(a.result), bytesOf(c.result));
  });

  it('tells where it stands', async () => {
    const { events } = await run(toyJob({ settings: toySettings({ budget: { epochs: 3 } }) }));
    const [started] = only(events, 'started');
    assert.deepEqual([started?.stepsPerEpoch, started?.resumedAt], [4, 0]);
    assert.deepEqual(
      only(events, 'planned').map(({ steps, evaluateEvery }) => [steps, evaluateEvery]),
      [[12, 4]],
    );
    assert.deepEqual(
      only(events, 'evaluation').map(({ step, epoch }) => [step, epoch]),
      [
        [0, 0],
        [4, 1],
        [8, 2],
        [12, 3],
      ],
    );
    const steps = only(events, 'step');
    assert.equal(steps.at(-1)?.fraction, 1);
    assert.equal(steps.at(-1)?.secondsLeft, 0);
    assert.ok(steps.every(({ imagesPerSecond, gradientNorm }) => imagesPerSecond > 0 && gradientNorm > 0));
    assert.equal(events.at(-1)?.kind, 'finished');
  });

  it('resumes to the same bytes from every checkpoint of an interrupted run', async () => {
    const whole = await run(toyJob());
    const store = memoryStore();
    let steps = 0;
    const interrupted = (): boolean => ++steps % 7 === 0;
    let resumed = await run(toyJob(), { store, resume: true, checkpointSeconds: 0, shouldStop: interrupted });
    let interruptions = 0;
    while (resumed.result.reason === 'cancelled') {
      interruptions++;
      resumed = await run(toyJob(), { store, resume: true, checkpointSeconds: 0, shouldStop: interrupted });
    }
    assert.ok(interruptions > 3, `${interruptions} interruptions`);
    assert.equal(bytesOf(resumed.result), bytesOf(whole.result));
    assert.deepEqual(resumed.result.history, whole.result.history);
    assert.equal(resumed.result.step, whole.result.step);
  });

  it('refuses to resume another run, and names what differs', async () => {
    const store = memoryStore();
    await run(toyJob({ settings: toySettings({ budget: { steps: 2 } }) }), { store });
    const other = toyJob({ settings: toySettings({ budget: { steps: 2 }, clipNorm: 5 }) });
    await assert.rejects(run(other, { store, resume: true }), (error: unknown) => {
      assert.ok(error instanceof SaltError);
      assert.equal(error.code, 'RESUME_MISMATCH');
      assert.deepEqual(error.details['different'], ['clipNorm']);
      return true;
    });
  });

  it('refuses to resume where masks were changed meanwhile, and names their frames', async () => {
    const store = memoryStore();
    const settings = toySettings({ budget: { steps: 2 } });
    const samples = discSamples(10);
    await run(toyJob({ settings, samples }), { store });
    const none = { width: 16, height: 16, data: new Uint8Array(256) };
    const other = new Map([['disc', () => Promise.resolve(none)]]);
    const region = { left: 0, top: 0, width: 8, height: 8 };
    const changes: Partial<TrainingSample>[] = [
      { masks: other },
      { region },
      { drafted: true },
      { loadFieldOfView: () => Promise.resolve({ ...none, data: new Uint8Array(256).fill(1) }) },
    ];
    for (const change of changes) {
      const changed = samples.map((sample, i) => (i === 3 ? { ...sample, ...change } : sample));
      await assert.rejects(run(toyJob({ settings, samples: changed }), { store, resume: true }), {
        code: 'RESUME_MISMATCH',
        message: /what is marked on disc 3 was changed/,
      });
    }
  });

  it('resumes from a checkpoint that does not say what its samples taught', async () => {
    const store = memoryStore();
    const settings = toySettings({ budget: { steps: 2 } });
    await run(toyJob({ settings }), { store });
    const state = decodeTrainingState(store.bytes ?? new Uint8Array());
    const before = Object.entries(state.fingerprint).filter(([name]) => !name.startsWith(LESSON));
    assert.ok(before.length < Object.keys(state.fingerprint).length);
    store.bytes = encodeTrainingState({ ...state, fingerprint: Object.fromEntries(before) });
    const { events } = await run(toyJob({ settings }), { store, resume: true });
    assert.equal(only(events, 'started')[0]?.resumedAt, 2);
  });

  it('returns a finished run at once when it is resumed', async () => {
    const store = memoryStore();
    const first = await run(toyJob(), { store });
    const again = await run(toyJob(), { store, resume: true });
    assert.equal(only(again.events, 'step').length, 0);
    assert.equal(bytesOf(again.result), bytesOf(first.result));
  });

  it('tells of the best so far before anything else when it is resumed', async () => {
    const store = memoryStore();
    const best: number[] = [];
    let stop = false;
    const host: Partial<TrainingHost> = {
      store,
      resume: true,
      onBest: ({ step }) => best.push(step),
      shouldStop: () => stop,
    };
    const settings = toySettings({ budget: { steps: 1000 }, evaluation: { everySteps: 5 } });
    await run(toyJob({ settings }), {
      ...host,
      wish: () => (best.length > 0 ? 'pause' : undefined),
    });
    stop = true;
    const { result } = await run(toyJob({ settings }), host);
    assert.equal(result.reason, 'cancelled');
    assert.deepEqual(best, [5, 5]);
  });

  it('stops before the next step and returns the best so far', async () => {
    let stop = false;
    const best: number[] = [];
    const { result } = await run(
      toyJob({ settings: toySettings({ budget: { steps: 1_000_000 }, evaluation: { everySteps: 5 } }) }),
      {
        shouldStop: () => stop,
        onBest: ({ step }) => best.push(step),
        onEvent: (event) => {
          if (event.kind === 'step' && event.step === 12) stop = true;
        },
      },
    );
    assert.equal(result.reason, 'cancelled');
    assert.equal(result.steps, 12);
    assert.equal(result.step, best.at(-1));
  });

  it('ends when patience is over', async () => {
    const settings = toySettings({
      budget: { steps: 10_000 },
      schedule: { learningRate: 1e-30, decay: { kind: 'constant' } },
      evaluation: { everySteps: 2 },
      patience: 3,
    });
    const { result } = await run(toyJob({ settings }));
    assert.equal(result.reason, 'patience');
    assert.equal(result.steps, 8);
  });

  it('takes accumulated batches for one larger batch, where the loss is a mean', async () => {
    // Every example shows the same, so that how they fall into batches makes no difference but rounding.
    const frame = greyFrame(
      16,
      16,
      Float32Array.from({ length: 256 }, (_, i) => (i * 7) % 256),
    );
    const mask = { width: 16, height: 16, data: Uint8Array.from({ length: 256 }, (_, i) => i % 2) };
    const samples = [sampleOf('a', frame, mask), sampleOf('b', frame, mask)];
    const settings = (accumulate: number) =>
      toySettings({
        budget: { steps: 5 },
        accumulate,
        augmentation: {},
        loss: {
          focalAlpha: 0.75,
          focalGamma: 2,
          diceSmooth: 1,
          focalWeight: 1,
          diceWeight: 0,
          penaltyWeight: 0,
        },
      });
    const large = await run(
      toyJob({ samples, settings: settings(1), subject: toySubject({ batchSize: 4 }) }),
    );
    const parts = await run(
      toyJob({ samples, settings: settings(4), subject: toySubject({ batchSize: 1 }) }),
    );
    for (const [name, { data }] of large.result.trained) {
      const other = parts.result.trained.get(name)?.data ?? new Float32Array();
      data.forEach((value, i) => assert.ok(Math.abs(value - (other[i] ?? NaN)) < 2e-4, `${name}[${i}]`));
    }
    const norms = (events: TrainingEvent[]) => only(events, 'step').map(({ gradientNorm }) => gradientNorm);
    norms(large.events).forEach((norm, i) => {
      assert.ok(Math.abs(norm - (norms(parts.events)[i] ?? NaN)) < 1e-3 * norm);
    });
  });

  it('names a frozen weight that is not finite', async () => {
    const subject = toySubject({
      trains: /^head/,
      change: (values) => values.get('encoder.blocks.1.conv.weight')?.data.set([NaN], 3),
    });
    await assert.rejects(run(toyJob({ subject })), isNotFinite('encoder.blocks.1.conv.weight', 1, 0));
  });

  it('names a parameter that is not finite', async () => {
    const subject = toySubject({ change: (values) => values.get('head.weight')?.data.set([Infinity], 0) });
    await assert.rejects(run(toyJob({ subject })), isNotFinite('head.weight', 1, 0));
  });

  it('names the stage where finite weights overflow', async () => {
    const subject = toySubject({
      trains: /^head/,
      change: (values) => {
        for (const block of [0, 1]) values.get(`encoder.blocks.${block}.conv.bias`)?.data.fill(3e38);
      },
    });
    await assert.rejects(run(toyJob({ subject })), isNotFinite('blocks.1', 1, 0));
  });

  it('names the last good checkpoint when numbers stop being finite, and leaves it alone', async () => {
    const store = memoryStore();
    const settings = toySettings({ budget: { steps: 6 } });
    let steps = 0;
    await run(toyJob({ subject: toySubject({ trains: /^head/ }), settings }), {
      store,
      checkpointSeconds: 0,
      onEvent: ({ kind }) => (steps += kind === 'checkpoint' ? 1 : 0),
      shouldStop: () => steps > 0,
    });
    const good = decodeTrainingState(store.bytes ?? new Uint8Array()).step;
    const spoilt = toySubject({
      trains: /^head/,
      change: (values) => values.get('encoder.embed.bias')?.data.fill(NaN),
    });
    await assert.rejects(
      run(toyJob({ subject: spoilt, settings }), { store, resume: true }),
      isNotFinite('encoder.embed.bias', good + 1, good),
    );
    assert.equal(decodeTrainingState(store.bytes ?? new Uint8Array()).step, good);
  });

  it('says which held-out frame has an empty field of view', async () => {
    const samples = discSamples(4).map((sample, i) =>
      i > 0
        ? { ...sample, role: 'train' as const }
        : {
            ...sample,
            role: 'heldOut' as const,
            loadFieldOfView: () => Promise.resolve({ width: 16, height: 16, data: new Uint8Array(256) }),
          },
    );
    await assert.rejects(run(toyJob({ samples })), {
      code: 'DATASET_INVALID',
      message: /frame disc 0 counts/,
    });
  });

  it('says which frame has a NaN', async () => {
    const samples = discSamples(3);
    const bad = greyFrame(16, 16, new Float32Array(256).fill(NaN, 40, 41));
    samples.push(sampleOf('spoilt', bad, { width: 16, height: 16, data: new Uint8Array(256) }));
    const job = toyJob({ samples, settings: toySettings({ heldOutShare: 0.1 }) });
    await assert.rejects(run(job), (error: unknown) => {
      assert.ok(error instanceof SaltError);
      assert.equal(error.code, 'NOT_FINITE');
      assert.match(error.message, /spoilt.*column 8, row 2/);
      return true;
    });
  });

  it('keeps the last step of a single sample, with a word of warning', async () => {
    const { result, events } = await run(toyJob({ samples: discSamples(1) }));
    assert.equal(result.score, null);
    assert.equal(result.step, 30);
    assert.match(only(events, 'warning')[0]?.message ?? '', /nothing can be held out/);
  });

  it('gives the same with one graph and stage by stage', async () => {
    const settings = toySettings({ budget: { steps: 3 } });
    const [whole, staged] = [
      await run(toyJob({ settings }), { plan: 'whole' }),
      await run(toyJob({ settings }), { plan: 'staged' }),
    ];
    assert.equal(only(staged.events, 'started')[0]?.plan, 'staged');
    for (const [name, { data }] of whole.result.trained) {
      const other = staged.result.trained.get(name)?.data ?? new Float32Array();
      data.forEach((value, i) => assert.ok(Math.abs(value - (other[i] ?? NaN)) < 1e-4, `${name}[${i}]`));
    }
  });
});

function isNotFinite(layer: string, step: number, lastCheckpoint: number): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof SaltError);
    assert.equal(error.code, 'NOT_FINITE');
    assert.deepEqual(error.details, { step, layer, lastCheckpoint });
    assert.match(error.message, new RegExp(`Step ${step} .* ${layer.replaceAll('.', '\\.')}`));
    return true;
  };
}
