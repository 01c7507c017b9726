/** The browser's back end as the panel uses it. Each function is called by name; reloads may come between. */
import type { Backend, TrainChoices, TrainOutcome, TrainRunEvent } from '../../../src/protocol/backend.ts';
import { createWorkerBackend } from '../../../src/worker/client.ts';
import { failureOf } from '../../runtime/scenario.ts';
import { annotationOf, drawFrame, tinyModelFile } from '../tiny-model.ts';

const WORDS = ['bright', 'dark'];

export interface Arguments {
  readonly do: keyof typeof SCENARIOS;
  readonly id?: string;
}

function open(workerUrl = '/pages/worker-entry.js'): Backend {
  const file = new Blob([tinyModelFile()]);
  return createWorkerBackend({
    workerUrl,
    assets: '/ort/',
    models: [{ id: 'tiny', title: 'Tiny', url: URL.createObjectURL(file) }],
    device: 'wasm',
    threads: 2,
  });
}

const CHOICES: TrainChoices = {
  name: 'Discs',
  model: 'tiny',
  words: WORDS,
  method: 'salt',
  budget: { kind: 'steps', steps: 12 },
  seed: 3,
  rank: 4,
  loraRank: 4,
};

const ANNOTATIONS = [annotationOf(1, 'train'), annotationOf(2, 'train'), annotationOf(3, 'heldOut')];

/** Stops the run by `act` once it has done so many steps. */
function run(
  backend: Backend,
  choices: Partial<TrainChoices>,
  act?: { readonly step: number; readonly what: 'pause' | 'finish' | 'discard' },
) {
  const events: TrainRunEvent[] = [];
  const { frame } = drawFrame(9);
  const started = backend.train(
    { choices: { ...CHOICES, ...choices }, annotations: ANNOTATIONS, preview: frame },
    (event) => {
      events.push(event);
      if (act && stepOf(event) === act.step) started[act.what]();
    },
  );
  return { events, started };
}

function stepOf(event: TrainRunEvent): number | undefined {
  return event.kind === 'training' && event.event.kind === 'step' ? event.event.step : undefined;
}

async function sha256(blob: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Of an adapter's numbers: the file also holds its date. */
async function numbersOf(backend: Backend, outcome: TrainOutcome): Promise<string> {
  if (outcome.kind !== 'finished') throw new Error(`The run ended as ${outcome.kind}.`);
  const file = await (await backend.exportAdapter(outcome.adapter.id)).arrayBuffer();
  const header = Number(new DataView(file).getBigUint64(0, true));
  return sha256(new Blob([file.slice(8 + header)]));
}

const SCENARIOS = {
  async segment() {
    const backend = open();
    const { frame } = drawFrame(9);
    const source = { kind: 'model', id: 'tiny' } as const;
    const device = await backend.device();
    const models = await backend.models();
    await backend.warmUp(source, WORDS, undefined);
    const first = await backend.segment({ source, words: WORDS, frame });
    const second = await backend.segment({ source, words: WORDS, frame });
    const abort = new AbortController();
    const overlapping = [
      failureOf(() => backend.segment({ source, words: WORDS, frame }, abort.signal)),
      failureOf(() => backend.segment({ source, words: ['bright'], frame })),
    ];
    abort.abort();
    const [aborted, beside] = await Promise.all(overlapping);
    const unknown = await failureOf(() =>
      backend.segment({ source: { kind: 'model', id: 'none' }, words: WORDS, frame }),
    );
    const gone = await failureOf(() =>
      backend.segment({ source: { kind: 'adapter', id: 'none' }, words: WORDS, frame }),
    );
    const values = Float32Array.from(frame.values);
    values[7] = NaN;
    const notFinite = await failureOf(() =>
      backend.segment({ source, words: WORDS, frame: { ...frame, values } }),
    );
    const untouched = frame.values.length;
    await backend.dispose();
    return {
      device,
      models,
      first: first.maps.map(({ word, probabilities }) => ({ word, length: probabilities.length })),
      same: first.maps.every(({ probabilities }, i) => {
        const other = second.maps[i]?.probabilities;
        return other !== undefined && probabilities.every((value, p) => value === other[p]);
      }),
      uncertainty: first.uncertainty,
      aborted,
      beside,
      unknown,
      gone,
      notFinite,
      untouched,
    };
  },

  async train() {
    const backend = open();
    const { events, started } = run(backend, {});
    const outcome = await started.outcome;
    if (outcome.kind !== 'finished') throw new Error(`The run ended as ${outcome.kind}.`);
    const source = { kind: 'adapter', id: outcome.adapter.id } as const;
    const { frame } = drawFrame(9);
    const segmented = await backend.segment({ source, words: ['Bright'], frame });
    const scores = await backend.evaluate({ source, words: WORDS, annotations: ANNOTATIONS.slice(2) });
    const file = await backend.exportAdapter(source.id);
    const again = await backend.importAdapter(file, 'Copy');
    const copied = await backend.segment({
      source: { kind: 'adapter', id: again.id },
      words: ['bright'],
      frame,
    });
    const damaged = await failureOf(() => backend.importAdapter(file.slice(0, file.size - 8), 'Damaged'));
    const foreign = await failureOf(() => backend.importAdapter(new Blob(['hello']), 'Foreign'));
    await backend.renameAdapter(again.id, ' Other ');
    const listed = await backend.adapters();
    const pace = await backend.secondsPerStep('tiny', 'salt');
    const from = backend.train(
      {
        choices: { ...CHOICES, budget: { kind: 'steps', steps: 2 } },
        annotations: ANNOTATIONS,
        from: source.id,
      },
      () => undefined,
    );
    const continued = await numbersOf(backend, await from.outcome);
    const otherKind = await failureOf(
      () =>
        backend.train(
          { choices: { ...CHOICES, method: 'lora' }, annotations: ANNOTATIONS, from: source.id },
          () => undefined,
        ).outcome,
    );
    await backend.removeAdapter(again.id);
    const bytes = await backend.storedBytes();
    const left = (await backend.adapters()).map(({ name }) => name);
    await backend.eraseAll();
    const erased = { adapters: await backend.adapters(), bytes: await backend.storedBytes() };
    await backend.dispose();
    return {
      kinds: [...new Set(events.map((event) => (event.kind === 'training' ? event.event.kind : event.kind)))],
      adapter: outcome.adapter,
      previews: events.filter(({ kind }) => kind === 'preview').length,
      sameAfterImport: segmented.maps[0]?.probabilities.join() === copied.maps[0]?.probabilities.join(),
      warning: segmented.maps[0]?.warning ?? null,
      scores,
      size: file.size,
      listed,
      damaged,
      foreign,
      pace: pace ?? null,
      continued,
      otherKind,
      bytes,
      left,
      erased,
    };
  },

  /** One run in one go, one that is paused on the way and resumed: the same numbers. */
  async pauseAndResume() {
    const backend = open();
    const whole = await numbersOf(backend, await run(backend, {}).started.outcome);
    const { started } = run(backend, {}, { step: 5, what: 'pause' });
    const outcome = await started.outcome;
    const listed = await backend.unfinished();
    const resumedAt: number[] = [];
    const resumed = backend.resume(started.id, (event) => {
      if (event.kind === 'training' && event.event.kind === 'started') resumedAt.push(event.event.resumedAt);
    });
    const inTwo = await numbersOf(backend, await resumed.outcome);
    const after = await backend.unfinished();
    await backend.dispose();
    return { whole, outcome, listed, resumedAt, inTwo, after };
  },

  /** Finished early, discarded, refused. */
  async endings() {
    const backend = open();
    const finished = await run(
      backend,
      { budget: { kind: 'steps', steps: 500 } },
      { step: 3, what: 'finish' },
    ).started.outcome;
    const discarded = await run(backend, {}, { step: 2, what: 'discard' }).started.outcome;
    const refusals = [
      await failureOf(() => run(backend, { model: 'none' }).started.outcome),
      await failureOf(() => run(backend, { words: ['nothing of these'] }).started.outcome),
      await failureOf(() => backend.train({ choices: CHOICES, annotations: [] }, () => undefined).outcome),
      await failureOf(() => backend.resume('none', () => undefined).outcome),
      // Known only once the held-out frames have been judged for the first time.
      await failureOf(() => run(backend, { budget: { kind: 'minutes', minutes: 1e-6 } }).started.outcome),
    ];
    const unfinished = await backend.unfinished();
    await backend.dispose();
    const lost = open('/pages/nothing-there.js');
    const noWorker = await failureOf(() => lost.adapters());
    return { finished, discarded, refusals, unfinished, noWorker };
  },

  /** Starts a run and leaves it to its fate once it was saved. */
  async startAndLeave() {
    const backend = open();
    const { started, events } = run(backend, { budget: { kind: 'steps', steps: 4000 } });
    while (!events.some((event) => event.kind === 'training' && event.event.kind === 'step')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { id: started.id, underWay: await backend.unfinished() };
  },

  async listAndDiscard() {
    const backend = open();
    const listed = await backend.unfinished();
    for (const { id } of listed) await backend.discardUnfinished(id);
    const left = await backend.unfinished();
    await backend.dispose();
    return { listed, left };
  },

  /** Kills the training's worker after a checkpoint, as the browser does when memory runs out, and resumes. */
  async kill() {
    const workers: Worker[] = [];
    const Original = globalThis.Worker;
    globalThis.Worker = class extends Original {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        workers.push(this);
      }
    };
    const backend = open();
    const whole = await numbersOf(backend, await run(backend, {}).started.outcome);
    const first = run(backend, {}, { step: 4, what: 'pause' });
    await first.started.outcome;
    const steps: number[] = [];
    const second = backend.resume(first.started.id, (event) => {
      const step = stepOf(event);
      if (step === undefined) return;
      steps.push(step);
      if (step === 7) workers.at(-1)?.terminate();
    });
    while (steps.at(-1) !== 7) await new Promise((resolve) => setTimeout(resolve, 20));
    second.outcome.catch(() => undefined);
    let listed = await backend.unfinished();
    // Until the browser has buried it.
    while (listed.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      listed = await backend.unfinished();
    }
    const third = backend.resume(first.started.id, () => undefined);
    const inThree = await numbersOf(backend, await third.outcome);
    await backend.dispose();
    globalThis.Worker = Original;
    return { whole, listed: listed.map(({ step }) => step), inThree };
  },

  /** Records that are not what they should be are passed over, and say so where they are asked for. */
  async damage() {
    const backend = open();
    const paused = run(backend, {}, { step: 3, what: 'pause' });
    await paused.started.outcome;
    const done = await run(backend, { budget: { kind: 'steps', steps: 2 } }).started.outcome;
    const id = done.kind === 'finished' ? done.adapter.id : '';
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('ohif-salt');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(new Error('no database'));
    });
    const write = (store: string, value: unknown, key: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const transaction = db.transaction(store, 'readwrite');
        transaction.objectStore(store).put(value, key);
        transaction.oncomplete = () => resolve();
        transaction.onerror = () => reject(new Error('not written'));
      });
    await write('adapters', { id: 'x', name: 7 }, 'x');
    await write('adapterFiles', Uint8Array.of(1, 2, 3), id);
    await write('runs', 'nonsense', 'y');
    await write('pace', 'fast', 'salt tiny');
    await write('checkpoints', Uint8Array.of(1, 2, 3), `${paused.started.id}/1`);
    db.close();
    const { frame } = drawFrame(9);
    const adapters = (await backend.adapters()).map((adapter) => adapter.id);
    const unusable = await failureOf(() =>
      backend.segment({ source: { kind: 'adapter', id }, words: WORDS, frame }),
    );
    const pace = (await backend.secondsPerStep('tiny', 'salt')) ?? null;
    const warnings: string[] = [];
    const resumed = await backend.resume(paused.started.id, (event) => {
      if (event.kind === 'training' && event.event.kind === 'warning') warnings.push(event.event.message);
    }).outcome;
    await backend.dispose();
    return { id, adapters, unusable, pace, warnings, resumed: resumed.kind };
  },

  async importModel() {
    const backend = open();
    const told: number[] = [];
    const file = new File([tinyModelFile(5)], 'mine.safetensors');
    const model = await backend.importModel([file], ({ done, total }) => told.push(done / total));
    const outcome = await run(backend, { model: model.id, budget: { kind: 'steps', steps: 2 } }).started
      .outcome;
    const adapters = await backend.adapters();
    const listed = (await backend.models()).map(({ id, origin, title }) => ({ id, origin, title }));
    const broken = await failureOf(() =>
      backend.importModel([new File(['hello'], 'x.safetensors')], () => undefined),
    );
    await backend.removeModel(model.id);
    const shipped = await failureOf(() => backend.removeModel('tiny'));
    const left = (await backend.models()).map(({ id }) => id);
    const source = { kind: 'adapter', id: adapters[0]?.id ?? '' } as const;
    const orphan = await failureOf(() =>
      backend.segment({ source, words: WORDS, frame: drawFrame(9).frame }),
    );
    await backend.dispose();
    return {
      model,
      told,
      outcome: outcome.kind,
      adapterModel: adapters[0]?.model,
      listed,
      broken,
      shipped,
      left,
      orphan,
    };
  },
};

export function main({ do: scenario }: Arguments): Promise<unknown> {
  return SCENARIOS[scenario]();
}

export type Result<S extends keyof typeof SCENARIOS> = Awaited<ReturnType<(typeof SCENARIOS)[S]>>;
