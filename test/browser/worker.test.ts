/** The browser's back end in a real browser: workers, stores and all. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInPage, skipWithoutChromium, withPage } from './harness.ts';
import type { Arguments, Result } from './pages/worker.ts';

const skip = skipWithoutChromium;

function scenario<S extends Arguments['do']>(name: S): Promise<Result<S>> {
  return runInPage<Result<S>>('worker', { do: name });
}

describe('the back end in the browser', { skip }, () => {
  it('segments two words with a model as it is, again from its cache, and can be called off', async () => {
    const result = await scenario('segment');
    assert.deepEqual(result.device, { device: 'wasm', threads: 2, passedOver: [] });
    assert.equal(result.models.length, 1);
    assert.deepEqual(
      result.models.map(({ id, origin, knowsWords }) => ({ id, origin, knowsWords })),
      [{ id: 'tiny', origin: 'shipped', knowsWords: true }],
    );
    assert.ok((result.models[0]?.bytes ?? 0) > 10_000);
    assert.deepEqual(result.first, [
      { word: 'bright', length: 60 * 48 },
      { word: 'dark', length: 60 * 48 },
    ]);
    assert.ok(result.same);
    assert.ok(result.uncertainty >= 0 && result.uncertainty <= 1);
    assert.equal(result.aborted, 'CANCELLED: Cancelled.');
    assert.equal(result.beside, 'no error');
    assert.match(result.unknown, /^MODEL_UNKNOWN/);
    assert.match(result.gone, /^ADAPTER_INVALID/);
    assert.match(result.notFinite, /^NOT_FINITE/);
    assert.equal(result.untouched, 60 * 48, 'the frame was taken away from the page');
  });

  it('trains, segments with what it trained, scores it as held out, exports, imports and erases it', async () => {
    const result = await scenario('train');
    for (const kind of [
      'preparing',
      'started',
      'planned',
      'step',
      'evaluation',
      'preview',
      'finished',
    ] as const) {
      assert.ok(result.kinds.includes(kind), `no ${kind} in ${result.kinds.join(', ')}`);
    }
    const { adapter } = result;
    assert.deepEqual(
      [
        adapter.name,
        adapter.model,
        adapter.method,
        adapter.words,
        adapter.trainingFrames,
        adapter.heldOutFrames,
      ],
      ['Discs', 'tiny', 'salt', ['bright', 'dark'], 2, 1],
    );
    assert.ok(result.previews >= 1);
    assert.ok(result.sameAfterImport);
    assert.equal(result.warning, null, 'case makes no difference to a word');
    assert.deepEqual(
      result.scores.map(({ id, word }) => ({ id, word })),
      [
        { id: 'frame 3', word: 'bright' },
        { id: 'frame 3', word: 'dark' },
      ],
    );
    // The best step's own score, by the same definitions.
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    assert.ok(Math.abs(mean(result.scores.map(({ dice }) => dice)) - (adapter.score?.dice ?? NaN)) < 1e-9);
    assert.ok(Math.abs(mean(result.scores.map(({ hd95 }) => hd95)) - (adapter.score?.hd95 ?? NaN)) < 1e-9);
    assert.equal(result.size, adapter.bytes);
    assert.deepEqual(result.listed.map(({ name, model }) => `${name} on ${model}`).sort(), [
      'Discs on tiny',
      'Other on tiny',
    ]);
    assert.match(result.damaged, /^CHECKPOINT_INVALID/);
    assert.match(result.foreign, /^CHECKPOINT_INVALID/);
    assert.ok((result.pace ?? 0) > 0);
    assert.match(
      result.otherKind,
      /^INVALID_ARGUMENT: The training cannot go on from this adapter: its method is/,
    );
    assert.ok(result.bytes >= adapter.bytes);
    assert.deepEqual(result.left, ['Discs', 'Discs']);
    assert.deepEqual(result.erased, { adapters: [], bytes: 0 });
  });

  it('goes on to the bit after a pause', async () => {
    const { whole, outcome, listed, resumedAt, inTwo, after } = await scenario('pauseAndResume');
    assert.ok(outcome.kind === 'paused', outcome.kind);
    // Asked for at the fifth of twelve; the worker goes on until it hears of it.
    const { step } = outcome;
    assert.ok(step >= 5 && step < 12, `paused at step ${step}`);
    assert.deepEqual(
      listed.map((run) => ({ step: run.step, frames: run.frames, name: run.choices.name })),
      [{ step, frames: 3, name: 'Discs' }],
    );
    assert.deepEqual(resumedAt, [step]);
    assert.equal(inTwo, whole);
    assert.deepEqual(after, []);
  });

  it('goes on to the bit after its worker was killed', async () => {
    const { whole, listed, inThree } = await scenario('kill');
    assert.deepEqual(listed, [4]);
    assert.equal(inThree, whole);
  });

  it('finishes early, discards without a trace, and refuses what cannot work', async () => {
    const { finished, discarded, refusals, unfinished, noWorker } = await scenario('endings');
    assert.equal(finished.kind, 'finished');
    assert.deepEqual(discarded, { kind: 'discarded' });
    assert.match(refusals[0] ?? '', /^MODEL_UNKNOWN/);
    assert.match(refusals[1] ?? '', /^DATASET_INVALID/);
    assert.match(refusals[2] ?? '', /^INVALID_ARGUMENT/);
    assert.match(refusals[3] ?? '', /^RESUME_MISMATCH/);
    assert.match(refusals[4] ?? '', /^INVALID_ARGUMENT: To judge by the held-out frames/);
    assert.deepEqual(unfinished, []);
    assert.match(noWorker, /^DEVICE_UNAVAILABLE/);
  });

  it('passes over damaged records and an older checkpoint takes the place of a damaged one', async () => {
    const { id, adapters, unusable, pace, warnings, resumed } = await scenario('damage');
    assert.deepEqual(adapters, [id]);
    assert.match(unusable, /^CHECKPOINT_INVALID/);
    assert.equal(pace, null);
    assert.ok(warnings.some((warning) => warning.includes('damaged')));
    assert.equal(resumed, 'finished');
  });

  it('takes a model that the user gives, trains on it and removes it', async () => {
    const result = await scenario('importModel');
    assert.equal(result.model.origin, 'stored');
    assert.equal(result.told.at(-1), 1);
    assert.equal(result.outcome, 'finished');
    assert.equal(result.adapterModel, result.model.id);
    assert.deepEqual(
      result.listed.map(({ origin, title }) => `${origin} ${title}`),
      ['shipped Tiny', 'stored mine'],
    );
    assert.match(result.broken, /^CHECKPOINT_INVALID/);
    assert.match(result.shipped, /^INVALID_ARGUMENT/);
    assert.deepEqual(result.left, ['tiny']);
    assert.match(result.orphan, /^MODEL_UNKNOWN/);
  });

  it('lists a run whose page was reloaded, and not before', async () => {
    await withPage(async (page) => {
      const call = <R>(what: Arguments['do']): Promise<R> =>
        page.evaluate(async (name) => {
          const url: string = '/pages/worker.js';
          const module = (await import(url)) as { main(argument: unknown): Promise<R> };
          return module.main({ do: name });
        }, what);
      const { id, underWay } = await call<Result<'startAndLeave'>>('startAndLeave');
      assert.deepEqual(underWay, []);
      await page.reload();
      const { listed, left } = await call<Result<'listAndDiscard'>>('listAndDiscard');
      assert.deepEqual(
        listed.map((run) => run.id),
        [id],
      );
      assert.deepEqual(left, []);
    });
  });
});
