import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Executor } from '../../src/graph/executor.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import type { TrainingHost, TrainingJob } from '../../src/training/job.ts';
import { decodeTrainingState, encodeTrainingState } from '../../src/training/training-state.ts';
import { memoryStore, only, runToy, toyJob } from './toy-run.ts';
import { discSamples, toySettings } from './toy-task.ts';

let executor: Executor;
before(async () => {
  ({ executor } = await openNodeDevice('cpu', { threads: 1 }));
});
after(() => executor.dispose());

const run = (job: TrainingJob, host?: Partial<TrainingHost>) => runToy(executor, job, host);

describe('a run limited in time', () => {
  it('gives way between steps, and does not count the time', async () => {
    let clock = 0;
    const asked: number[] = [];
    const { result } = await run(toyJob({ settings: toySettings({ budget: { minutes: 1 } }) }), {
      // Every look at the clock is a second later.
      now: () => (clock += 1000),
      giveWay: (stepSeconds) => {
        asked.push(stepSeconds);
        clock += 3_600_000;
        return Promise.resolve();
      },
    });
    assert.ok(result.steps > 2, `${result.steps} steps in a minute`);
    assert.equal(asked.length, result.steps);
    assert.ok(asked.every((seconds) => seconds > 0));
  });

  it('keeps to a budget of time, and plans it from a measured step', async () => {
    let clock = 0;
    const settings = toySettings({ budget: { minutes: 2 / 60 } });
    // Every look at the clock is 10 ms later.
    const { result, events } = await run(toyJob({ settings }), { now: () => (clock += 10) });
    assert.ok(result.seconds >= 2 && result.seconds < 2.2, `${result.seconds} s`);
    assert.ok((only(events, 'planned')[0]?.steps ?? 0) > 1);
    const rates = only(events, 'step').map(({ learningRate }) => learningRate);
    assert.ok((rates.at(-1) ?? 1) < 0.05 * 0.02, `last rate ${rates.at(-1)}`);
    assert.equal(result.reason, 'budget');
  });

  it('counts no time before the first step: the rate starts whole, and goes on where it was when resumed', async () => {
    let clock = 0;
    const samples = discSamples(10).map((sample, i) => ({
      ...sample,
      role: i < 2 ? ('heldOut' as const) : ('train' as const),
      // Held-out frames take long to judge.
      loadFrame: () => {
        if (i < 2) clock += 10_000;
        return sample.loadFrame();
      },
    }));
    const settings = toySettings({ budget: { minutes: 1 }, evaluation: { everySteps: 1000 } });
    const job = toyJob({ samples, settings });
    const store = memoryStore();
    const host = { now: () => (clock += 50), sampleCacheBytes: 0, store, resume: true };
    let steps = 0;
    const before = await run(job, { ...host, wish: () => (++steps > 5 ? 'pause' : undefined) });
    const resumed = await run(job, host);
    const rates = [before, resumed].map(({ events }) =>
      only(events, 'step').map(({ learningRate }) => learningRate),
    );
    const full = settings.schedule.learningRate;
    assert.ok((rates[0]?.[0] ?? 0) > 0.99 * full, `first rate ${rates[0]?.[0]}`);
    const [paused = NaN, on = NaN] = [rates[0]?.at(-1), rates[1]?.[0]];
    assert.ok(on < paused && on > paused - 0.05 * full, `${paused}, then ${on}`);
    assert.ok((rates[1]?.at(-1) ?? 1) < 0.02 * full);
  });

  it('says so when judging the held-out frames leaves no time to learn', async () => {
    let clock = 0;
    const samples = discSamples(10).map((sample) => ({
      ...sample,
      loadFrame: () => {
        clock += 10_000;
        return sample.loadFrame();
      },
    }));
    const settings = toySettings({ budget: { minutes: 0.5 } });
    await assert.rejects(
      run(toyJob({ samples, settings }), { now: () => (clock += 10) }),
      (error: unknown) => {
        assert.ok(error instanceof SaltError);
        assert.equal(error.code, 'INVALID_ARGUMENT');
        assert.match(error.message, /--minutes.*--held-out/u);
        return true;
      },
    );
  });

  it('goes on from a checkpoint of before, which does not say when its steps began', async () => {
    const store = memoryStore();
    const settings = toySettings({ budget: { minutes: 5 } });
    let steps = 0;
    await run(toyJob({ settings }), { store, wish: () => (++steps > 2 ? 'pause' : undefined) });
    const { pace, ...state } = decodeTrainingState(store.bytes ?? new Uint8Array());
    assert.ok(pace);
    store.bytes = encodeTrainingState(state);
    steps = 0;
    const { events } = await run(toyJob({ settings }), {
      ...{ store, resume: true },
      wish: () => (++steps > 2 ? 'pause' : undefined),
    });
    assert.ok((only(events, 'started')[0]?.resumedAt ?? 0) > 0);
  });

  it('takes the least number of steps on a machine too slow for them, the rate falling over all of them', async () => {
    let clock = 0;
    const settings = toySettings({ budget: { minutes: 2 / 60, leastSteps: 9 } });
    // Every look at the clock is 60 ms later.
    const { result, events } = await run(toyJob({ settings }), { now: () => (clock += 60) });
    assert.equal(result.steps, 9);
    assert.ok(result.seconds > 2 && result.seconds <= 6, `${result.seconds} s`);
    const rates = only(events, 'step').map(({ learningRate }) => learningRate);
    assert.ok((rates.at(-1) ?? 1) < 0.05 * 0.02, `last rate ${rates.at(-1)}`);
    assert.equal(result.reason, 'budget');
  });
});
