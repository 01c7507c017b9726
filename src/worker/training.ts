/** The worker of one training run. It is terminated with the run, so that all its memory goes back. */
import { decodeAdapter, encodeAdapter } from '../adapters/index.ts';
import { textEncoderOf, withHead } from '../inference/shipped-parts.ts';
import type { PreparingWhat, TrainOutcome, TrainRunEvent } from '../protocol/backend.ts';
import type { TrainingEvent } from '../protocol/events.ts';
import { SaltError } from '../protocol/errors.ts';
import { faultsOf } from '../protocol/faults.ts';
import type { RunNote } from '../protocol/run-note.ts';
import type { Opened } from '../runtime/open.ts';
import { demandSpace } from '../runtime/space.web.ts';
import { adapterOfRun } from '../training/adapter-of-run.ts';
import type { StepMoment, TrainingHost, TrainingResult } from '../training/job.ts';
import { prepareSamRun } from '../training/prepare-sam.ts';
import type { PreparedRun } from '../training/prepared-run.ts';
import { train } from '../training/trainer.ts';
import { requestAsTaught } from './as-taught.ts';
import { memoryForStep, openDevice, webFactor } from './device.ts';
import type { GiveWay } from './give-way.ts';
import { isKept } from './is-kept.ts';
import type { Reached } from './is-kept.ts';
import type { RunStart, Wish, WorkerSettings } from './messages.ts';
import { Models } from './models.ts';
import { Preview } from './preview.ts';
import { requireFinite, runChoicesOf, sampleOf } from './run-choices.ts';
import { holdingRun } from './run-locks.ts';
import { adapterBytes, recordOf, summaryOf } from './store/adapters.ts';
import { writePace } from './store/pace.ts';
import type { StoredRequest } from './store/request-schema.ts';
import { requestSchema } from './store/request-schema.ts';
import { addRun, bytesOf, finishRun, readRun, removeRun, runCheckpoints } from './store/runs.ts';
import { VERSION } from './version.ts';

export interface TrainerHost {
  readonly emit: (event: TrainRunEvent) => void;
  /** What the person wants, if anything. */
  readonly wish: () => Wish | undefined;
  readonly giveWay: GiveWay;
}

/**
 * A run that is refused before its first step leaves nothing behind; one that fails later, or whose device is lost, can
 * be resumed (`isKept`).
 * @throws SaltError
 */
export function runTraining(
  start: RunStart,
  settings: WorkerSettings,
  host: TrainerHost,
): Promise<TrainOutcome> {
  return holdingRun(start.id, async () => {
    const run = new Run(start.id, settings, host);
    if (!start.request) {
      const { record, request } = await readRun(start.id);
      return run.toTheEnd(request, record.step, true);
    }
    const { from, ...rest } = start.request;
    const asked = requestOf({ ...rest, ...(from !== undefined && { from: await adapterBytes(from) }) });
    const request = requestAsTaught(asked, asked.from && decodeAdapter(asked.from).info);
    requireFinite(request.annotations);
    // Beside the frames, two checkpoints and the adapter will want space.
    await demandSpace(bytesOf(request) + SPACE_FOR_RESULTS);
    await addRun(start.id, request, new Date());
    try {
      return await run.toTheEnd(request, 0, false);
    } catch (error) {
      if (!isKept(error, run.reached)) await removeRun(start.id);
      throw error;
    }
  });
}

const SPACE_FOR_RESULTS = 50e6;
/** Worth telling. */
const LEAST_PROGRESS = 0.02;

/** @throws SaltError `INVALID_ARGUMENT`, `DATASET_INVALID` */
function requestOf(value: unknown): StoredRequest {
  const result = requestSchema.safeParse(value);
  if (result.success) return result.data;
  const faults = faultsOf(result.error);
  throw new SaltError('INVALID_ARGUMENT', `The run cannot be started like this (${faults.join('; ')}).`, {
    faults,
  });
}

/** @param file of an adapter */
function isTaughtSubtracted(file: Uint8Array): boolean {
  return decodeAdapter(file).info.stillBackground === 'subtracted';
}

class Run {
  readonly #id: string;
  readonly #settings: WorkerSettings;
  readonly #host: TrainerHost;
  readonly #models: Models;
  readonly #seconds: number[] = [];
  #stepsPerEpoch = 1;
  #step = 0;
  /** How far this worker has got with it. */
  reached: Reached = 'nothing';

  constructor(id: string, settings: WorkerSettings, host: TrainerHost) {
    this.#id = id;
    this.#settings = settings;
    this.#host = host;
    this.#models = new Models(settings.models);
  }

  async toTheEnd(request: StoredRequest, savedStep: number, resume: boolean): Promise<TrainOutcome> {
    this.#step = savedStep;
    const { executor, device } = await this.#open();
    const run = await this.#prepare(request, { executor, device });
    for (const note of run.notes) this.#note(note);
    if (this.#host.wish() === 'pause') return { kind: 'paused', step: savedStep };
    this.#tell({ kind: 'preparing', what: 'compiling', fraction: null });
    const samples = request.annotations.map(sampleOf);
    const result = await train(
      { subject: run.subject, settings: run.settings, samples },
      this.#trainingHost(run, request, resume),
    );
    await writePace(request.choices.model, request.choices.method, this.#seconds).catch(() => undefined);
    if (result.reason === 'cancelled' && this.#host.wish() === 'pause') {
      return { kind: 'paused', step: result.steps };
    }
    return this.#finish(run, request, result);
  }

  async #open(): Promise<Opened> {
    this.#tell({ kind: 'preparing', what: 'device', fraction: null });
    const opened = await openDevice(this.#settings);
    for (const { device, reason } of opened.passedOver) {
      if (device === this.#settings.device) {
        this.#note({ kind: 'device gone', device, reason });
      }
    }
    return opened;
  }

  async #prepare(
    { choices, from, annotations }: StoredRequest,
    { executor }: Pick<Opened, 'executor' | 'device'>,
  ): Promise<PreparedRun> {
    const models = this.#models;
    const onFetched = this.#preparing('model');
    onFetched(null);
    const svd = this.#preparing('svd');
    const plain = await models.base(choices.model, onFetched);
    const base = await withHead(plain, true, choices.seed, models.shipped);
    return prepareSamRun({
      choices: runChoicesOf(choices, annotations, from !== undefined),
      base,
      encoder: await textEncoderOf(plain, models.shipped),
      factor: webFactor(this.#settings.threads, ({ done, total }) => svd(total > 0 ? done / total : null)),
      maxBytes: memoryForStep(),
      samples: annotations.map(sampleOf),
      open: () => Promise.resolve(executor),
      ...(from && { from: decodeAdapter(from) }),
    });
  }

  #trainingHost(run: PreparedRun, { choices, preview }: StoredRequest, resume: boolean): TrainingHost {
    let shown = preview && new Preview(preview, choices.words);
    return {
      executor: run.executor,
      maxBytes: memoryForStep(),
      store: runCheckpoints(this.#id, () => this.#step),
      resume,
      wish: () => this.#host.wish(),
      giveWay: (stepSeconds) => this.#host.giveWay.wait(stepSeconds),
      onEvent: (event) => this.#onEvent(event),
      onUnsaved: ({ message }) => this.#note({ kind: 'unsaved', reason: message }),
      onStep: async (moment) => {
        this.reached = 'step';
        this.#step = moment.step;
        this.#seconds.push(moment.seconds);
        if (shown?.isDue(moment) && !(await this.#show(shown, moment, run))) shown = undefined;
      },
    };
  }

  #onEvent(event: TrainingEvent): void {
    if (event.kind === 'started') {
      this.reached = 'start';
      this.#stepsPerEpoch = Math.max(1, event.stepsPerEpoch);
    }
    this.#tell({ kind: 'training', event });
  }

  /** What is only to be watched ends no run. @returns whether to go on with it */
  async #show(preview: Preview, moment: StepMoment, { subject, executor }: PreparedRun): Promise<boolean> {
    try {
      const maps = await preview.show(moment, subject, executor);
      this.#tell({ kind: 'preview', step: moment.step, maps });
      return true;
    } catch (error) {
      if (!(error instanceof SaltError) || error.code === 'DEVICE_LOST') throw error;
      this.#note({ kind: 'preview off', reason: error.message });
      return false;
    }
  }

  /** @throws SaltError `FILE_UNWRITABLE`; the run is then listed as unfinished, at its end */
  async #finish(
    run: PreparedRun,
    { choices, annotations, from }: StoredRequest,
    result: TrainingResult,
  ): Promise<TrainOutcome> {
    const { trainingSamples, heldOutSamples } = result;
    const isSubtracted =
      annotations.some(({ frame }) => frame.background) || (from && isTaughtSubtracted(from));
    const description = {
      ...run.description,
      ...(isSubtracted && { stillBackground: 'subtracted' as const }),
      trainingSamples,
      heldOutSamples,
    };
    const file = await adapterOfRun(description, result, {
      software: VERSION,
      createdAt: new Date(),
      stepsPerEpoch: this.#stepsPerEpoch,
    });
    const bytes = encodeAdapter(file);
    const record = recordOf(this.#id, choices.name, file.info, bytes.byteLength);
    await finishRun(this.#id, record, bytes);
    return { kind: 'finished', adapter: summaryOf(record, choices.model) };
  }

  /** Tells how far something is, but not of every packet that comes in. */
  #preparing(what: PreparingWhat): (fraction: number | null) => void {
    let told: number | null | undefined;
    return (fraction) => {
      const isNews =
        told === undefined ||
        (fraction !== null && (told === null || fraction >= 1 || fraction - told >= LEAST_PROGRESS));
      if (!isNews) return;
      told = fraction;
      this.#tell({ kind: 'preparing', what, fraction });
    };
  }

  #note(note: RunNote): void {
    this.#tell({ kind: 'note', note });
  }

  #tell(event: TrainRunEvent): void {
    this.#host.emit(event);
  }
}
