import type { FloatTensor } from '../graph/tensor.ts';
import type { HeldOutScore, TrainingEvent } from '../protocol/events.ts';
import { breathe } from '../protocol/breathe.ts';
import { SaltError } from '../protocol/errors.ts';
import type { RunWarning } from '../protocol/run-note.ts';
import { createBatches } from './batches.ts';
import type { BatchSource } from './batches.ts';
import { budgetClock, evaluationInterval } from './budget.ts';
import type { BudgetClock, Pace } from './budget.ts';
import { OUTPUT_LAYER } from '../inference/segmenter.ts';
import { evaluateHeldOut } from './evaluation.ts';
import { Checkpointer, loadState } from './checkpointer.ts';
import type { SaveReason } from './checkpointer.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Keepsake, TrainingHost, TrainingJob, TrainingResult, TrainingSubject } from './job.ts';
import { nonFiniteParameter, unlessOutputNotFinite } from './not-finite.ts';
import { rankingOf } from './ranking.ts';
import type { Best, Ranking } from './ranking.ts';
import { lessonsOf } from './lessons.ts';
import { learningRateAt, scheduleOfRun } from './schedule.ts';
import type { RunSchedule } from './schedule.ts';
import { Stopwatch } from './stopwatch.ts';
import { splitOfJob } from './job-split.ts';
import type { Split } from './split.ts';
import { StepEngine } from './step-engine.ts';
import type { StepFailure, StepReport } from './step-engine.ts';
import type { TrainingState } from './training-state.ts';
import { remembered } from './training-sample.ts';
import type { TrainingSample } from './training-sample.ts';

const SAMPLE_CACHE_BYTES = 512 * 2 ** 20;
/** Weight of the newest step in the running mean of its duration. */
const PACE_WEIGHT = 0.1;

/**
 * Trains until the budget is spent, patience is over or someone says stop, and returns the parameters that did best
 * on the held-out samples. On the processor, a run that was killed and resumed gives the same result to the bit,
 * unless its budget is one of time. Runs block the event loop for as long as the device's runs do: call it from a
 * worker.
 *
 * @throws SaltError `NOT_FINITE` naming the step, the layer and the last good checkpoint, or the frame;
 *   `RESUME_MISMATCH`, `DATASET_INVALID`, `OUT_OF_MEMORY`, `CHECKPOINT_MISMATCH`, `FILE_UNWRITABLE`, `DEVICE_LOST`
 */
export async function train(job: TrainingJob, host: TrainingHost): Promise<TrainingResult> {
  const run = await TrainingRun.open(job, host);
  try {
    return await run.toTheEnd();
  } finally {
    await run.dispose();
  }
}

/** In each batch. */
function imagesOf({ model, promptsPerImage = 1 }: TrainingSubject): number {
  return model.batchSize / promptsPerImage;
}

class TrainingRun {
  readonly #job: TrainingJob;
  readonly #host: TrainingHost;
  readonly #split: Split<TrainingSample>;
  readonly #heldOut: readonly TrainingSample[];
  readonly #fingerprint: Fingerprint;
  readonly #batches: BatchSource;
  readonly #engine: StepEngine;
  readonly #ranking: Ranking;
  readonly #clock: BudgetClock;
  readonly #checkpoints: Checkpointer;
  readonly #stepsPerEpoch: number;
  readonly #now: () => number;
  /** As if there had been no interruption. */
  readonly #watch: Stopwatch;
  /** Elapsed when it was opened: what passes from then to its first step is no part of a budget in time. */
  readonly #openedAtSeconds: number;
  #pace: Required<Pace>;
  #schedule: RunSchedule;
  #step: number;
  #evaluatedAt: number;

  private constructor(
    job: TrainingJob,
    host: TrainingHost,
    parts: {
      split: Split<TrainingSample>;
      batches: BatchSource;
      engine: StepEngine;
      fingerprint: Fingerprint;
      state: TrainingState | undefined;
      openedAt: number;
    },
  ) {
    const { state } = parts;
    this.#job = job;
    this.#host = host;
    this.#schedule = job.settings.schedule;
    this.#split = parts.split;
    this.#heldOut = remembered(parts.split.heldOut, host.sampleCacheBytes ?? SAMPLE_CACHE_BYTES);
    this.#fingerprint = parts.fingerprint;
    this.#batches = parts.batches;
    this.#engine = parts.engine;
    this.#now = nowOf(host);
    this.#ranking = rankingOf(state);
    this.#step = state?.step ?? 0;
    this.#evaluatedAt = this.#ranking.history.at(-1)?.step ?? this.#ranking.best?.step ?? 0;
    this.#watch = new Stopwatch(this.#now, parts.openedAt - (state?.elapsedSeconds ?? 0) * 1000);
    this.#openedAtSeconds = state?.elapsedSeconds ?? 0;
    this.#pace = { secondsPerStep: 0, secondsPerEvaluation: 0, begunSeconds: 0, ...state?.pace };
    this.#checkpoints = new Checkpointer(host, this.#step, this.#now);
    const perStep = imagesOf(job.subject) * job.settings.accumulate;
    this.#stepsPerEpoch = Math.ceil(parts.batches.examples / perStep);
    this.#clock = budgetClock(job.settings.budget, this.#stepsPerEpoch, () => this.#pace);
  }

  static async open(job: TrainingJob, host: TrainingHost): Promise<TrainingRun> {
    const { subject, settings } = job;
    const warn = (warning: RunWarning): void => host.onEvent?.({ kind: 'warning', ...warning });
    const split = splitOfJob(job);
    split.notes.forEach(warn);
    // Only checkpoints hold it. To read all masks for it is no part of a budget in time.
    const lessons = host.store && (await lessonsOf(split, settings.words));
    const fingerprint = { ...fingerprintOf(job, split), ...lessons };
    const openedAt = nowOf(host)();
    const { embeddings } = subject;
    const batches = createBatches(split.train, {
      batchSize: imagesOf(subject),
      ...(subject.promptsPerImage !== undefined && { promptsPerImage: subject.promptsPerImage }),
      side: subject.model.imageSize,
      ...(subject.frameSize !== undefined && { frameSize: subject.frameSize }),
      words: settings.words,
      wordRole: subject.wordRole,
      ...(embeddings && { embeddings }),
      crop: settings.crop,
      normalisation: subject.input.framing === 'square' ? 'sam' : 'frame',
      augmentation: settings.augmentation,
      forgiveEdges: settings.forgiveEdges,
      seed: settings.seed,
      cacheBytes: host.sampleCacheBytes ?? SAMPLE_CACHE_BYTES,
    });
    const state = await loadState(host, fingerprint, warn);
    if (state) batches.restore(state.batches);
    const start = state && {
      parameters: state.parameters,
      moments: { first: state.first, second: state.second },
    };
    const engine = await StepEngine.open(host, subject, settings, start);
    return new TrainingRun(job, host, { split, batches, engine, fingerprint, state, openedAt });
  }

  async toTheEnd(): Promise<TrainingResult> {
    this.#tellStart();
    // Of the checkpoint that it goes on from, so that it is not lost if the run ends before a better one.
    if (this.#ranking.best) this.#host.onBest?.(this.#keepsake(this.#ranking.best));
    try {
      await this.#measure();
      while (!this.#clock.isSpent(this.#step, this.#watch.seconds())) {
        if (this.#isStale()) return await this.#finish('patience');
        const wish = this.#step > 0 ? this.#host.wish?.() : undefined;
        if (wish === 'pause') return await this.#pause();
        if (wish === 'finish') return await this.#finishEarly();
        await this.#takeStep();
        if (this.#step - this.#evaluatedAt >= this.#evaluationInterval()) await this.#evaluate();
        if (this.#checkpoints.isDue) await this.#save('due');
        await this.#breathe();
        await this.#watch.standStill(() => this.#host.giveWay?.(this.#pace.secondsPerStep));
      }
      if (this.#evaluatedAt !== this.#step) await this.#evaluate();
      return await this.#finish('budget');
    } catch (error) {
      if (error instanceof SaltError && error.code === 'CANCELLED') return await this.#finish('cancelled');
      throw error;
    }
  }

  async dispose(): Promise<void> {
    await this.#engine.dispose();
  }

  async #pause(): Promise<TrainingResult> {
    if (this.#checkpoints.step !== this.#step) await this.#save('asked');
    return this.#finish('cancelled');
  }

  async #finishEarly(): Promise<TrainingResult> {
    if (this.#evaluatedAt !== this.#step) await this.#evaluate();
    return this.#finish('cancelled');
  }

  #tellStart(): void {
    const { kind, reason, estimates } = this.#engine.choice;
    this.#tell({
      kind: 'started',
      plan: kind,
      reason,
      memoryBytes: Math.round(estimates[kind]),
      parameters: this.#engine.segments.reduce((sum, { length }) => sum + length, 0),
      trainingSamples: this.#split.train.length,
      heldOutSamples: this.#split.heldOut.length,
      stepsPerEpoch: this.#stepsPerEpoch,
      resumedAt: this.#step,
    });
  }

  /** How the start does; and, where time limits the run, how long a step takes. Neither changes what follows. */
  async #measure(): Promise<void> {
    if (this.#step === 0) {
      // Where the start itself is not finite, the first step finds the layer.
      const score = await this.#score().catch(unlessOutputNotFinite);
      if (score) {
        this.#ranking.recordStart(score);
        this.#tell({ kind: 'evaluation', step: 0, epoch: 0, score, best: false });
      }
    }
    if ('minutes' in this.#job.settings.budget) await this.#rehearse();
    const begunSeconds = this.#pace.begunSeconds + this.#watch.seconds() - this.#openedAtSeconds;
    this.#pace = { ...this.#pace, begunSeconds };
    if (this.#step === 0) this.#clock.demandTime();
    this.#schedule = scheduleOfRun(this.#job.settings.schedule, this.#clock.steps);
    this.#tell({ kind: 'planned', steps: this.#clock.steps, evaluateEvery: this.#evaluationInterval() });
  }

  /** Two steps without update: the first also pays for loading frames and for the device's own preparations. */
  async #rehearse(): Promise<void> {
    const state = this.#batches.state();
    let seconds = 0;
    for (let i = 0; i < 2; i++) {
      const before = this.#now();
      await this.#engine.rehearse(await this.#batches.next(), () => this.#isStopped());
      seconds = (this.#now() - before) / 1000;
    }
    this.#batches.restore(state);
    this.#pace = { ...this.#pace, secondsPerStep: seconds * this.#job.settings.accumulate };
  }

  async #takeStep(): Promise<void> {
    const { settings, subject } = this.#job;
    const before = this.#now();
    const fraction = this.#clock.fraction(this.#step, this.#watch.seconds());
    const step = this.#step + 1;
    const learningRate = learningRateAt(this.#schedule, fraction, step);
    const shouldStop = () => this.#isStopped();
    const report = await this.#engine.step(() => this.#batches.next(), { step, learningRate, shouldStop });
    if ('suspect' in report) throw this.#notFinite(report, step);
    this.#step = step;
    const seconds = (this.#now() - before) / 1000;
    const usual = this.#pace.secondsPerStep || seconds;
    this.#pace = { ...this.#pace, secondsPerStep: usual + (seconds - usual) * PACE_WEIGHT };
    this.#tellStep(report, learningRate, (imagesOf(subject) * settings.accumulate) / seconds);
    await this.#host.onStep?.({
      step,
      fraction: this.#clock.fraction(step, this.#watch.seconds()),
      seconds,
      trained: async () => this.#engine.unpack(await this.#engine.parameters()),
    });
  }

  #tellStep({ loss, gradientNorm }: StepReport, learningRate: number, imagesPerSecond: number): void {
    this.#tell({
      kind: 'step',
      step: this.#step,
      epoch: this.#epoch(),
      loss: { ...loss },
      learningRate,
      gradientNorm,
      imagesPerSecond,
      fraction: this.#clock.fraction(this.#step, this.#watch.seconds()),
      secondsLeft: this.#clock.secondsLeft(this.#step, this.#watch.seconds()),
    });
  }

  async #score(parameters?: readonly FloatTensor[]): Promise<HeldOutScore | null> {
    if (this.#heldOut.length === 0) return null;
    const before = this.#now();
    const { subject, settings } = this.#job;
    const weights = await subject.merge(this.#engine.unpack(parameters ?? (await this.#engine.parameters())));
    const shouldStop = () => this.#isStopped();
    const score = await evaluateHeldOut(
      this.#host.executor,
      subject,
      settings,
      weights,
      this.#heldOut,
      shouldStop,
    );
    this.#pace = { ...this.#pace, secondsPerEvaluation: (this.#now() - before) / 1000 };
    return score;
  }

  async #evaluate(): Promise<void> {
    const parameters = await this.#engine.parameters();
    const score = await this.#score(parameters).catch((error: unknown) => {
      unlessOutputNotFinite(error);
      const what = 'the masks of held-out samples are not finite';
      throw this.#notFinite({ suspect: { layer: OUTPUT_LAYER, what } }, this.#step);
    });
    const candidate = { step: this.#step, score, parameters };
    const best = this.#ranking.record(candidate);
    this.#evaluatedAt = this.#step;
    if (best) this.#host.onBest?.(this.#keepsake(candidate));
    if (score) this.#tell({ kind: 'evaluation', step: this.#step, epoch: this.#epoch(), score, best });
  }

  #evaluationInterval(): number {
    const { evaluation, budget } = this.#job.settings;
    const timed = 'minutes' in budget ? this.#pace : undefined;
    return evaluationInterval(evaluation.everySteps, this.#stepsPerEpoch, this.#clock, timed);
  }

  #isStale(): boolean {
    const { patience } = this.#job.settings;
    return patience !== null && this.#split.heldOut.length > 0 && this.#ranking.stale >= patience;
  }

  async #save(why: SaveReason): Promise<void> {
    const bytes = await this.#checkpoints.save(() => this.#state(), why);
    if (bytes !== undefined) this.#tell({ kind: 'checkpoint', step: this.#step, bytes });
  }

  async #state(): Promise<TrainingState> {
    const parameters = await this.#engine.parameters();
    const layer = nonFiniteParameter(this.#engine.segments, parameters);
    if (layer) throw this.#notFinite({ suspect: { layer, what: 'its values are not finite' } }, this.#step);
    const { best, history, stale } = this.#ranking;
    const { begunSeconds, secondsPerEvaluation } = this.#pace;
    return {
      fingerprint: this.#fingerprint,
      step: this.#step,
      elapsedSeconds: this.#watch.seconds(),
      pace: { begunSeconds, secondsPerEvaluation },
      batches: this.#batches.state(),
      history,
      best: best ? { step: best.step, score: best.score } : null,
      stale,
      parameters,
      ...(await this.#engine.moments()),
      bestParameters: best?.parameters ?? [],
    };
  }

  async #finish(reason: TrainingResult['reason']): Promise<TrainingResult> {
    // Saving a large state can take longer than who cancels will wait; the last periodic one serves.
    if (reason !== 'cancelled' && this.#checkpoints.step !== this.#step) await this.#save('due');
    const best = this.#ranking.best ?? {
      step: this.#step,
      score: null,
      parameters: await this.#engine.parameters(),
    };
    const seconds = this.#watch.seconds();
    const { step, score } = best;
    this.#tell({ kind: 'finished', reason, step: this.#step, bestStep: step, score, seconds });
    return {
      ...this.#keepsake(best),
      reason,
      steps: this.#step,
      history: this.#ranking.history,
      seconds,
      trainingSamples: this.#split.train.map(({ id }) => id),
      heldOutSamples: this.#split.heldOut.map(({ id }) => id),
    };
  }

  #keepsake({ step, score, parameters }: Best): Keepsake {
    return { step, score, trained: this.#engine.unpack(parameters) };
  }

  #notFinite({ suspect }: StepFailure, step: number): SaltError {
    const { step: lastCheckpoint } = this.#checkpoints;
    const good =
      this.#host.store && lastCheckpoint > 0
        ? `The last good checkpoint is that of step ${lastCheckpoint}.`
        : 'No checkpoint has been written yet.';
    return new SaltError(
      'NOT_FINITE',
      `Step ${step} gave a NaN or Inf, first seen in ${suspect.layer}: ${suspect.what}. ${good}`,
      { step, layer: suspect.layer, lastCheckpoint },
    );
  }

  #epoch(): number {
    return Math.ceil(this.#step / this.#stepsPerEpoch);
  }

  #isStopped(): boolean {
    return this.#host.shouldStop?.() ?? false;
  }

  /** Lets messages in, and stops where someone says so. */
  async #breathe(): Promise<void> {
    await breathe();
    if (this.#isStopped()) throw new SaltError('CANCELLED', 'The training was cancelled.');
  }

  #tell(event: TrainingEvent): void {
    this.#host.onEvent?.(event);
  }
}

function nowOf(host: TrainingHost): () => number {
  return () => host.now?.() ?? performance.now();
}
