import type { Executor } from '../../graph/executor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import { DENSE_POSITIONS, GAUSSIAN_MATRIX, prepareSamWeights } from '../../model/sam/index.ts';
import { SALT_TINY } from '../../model/salt-tiny.ts';
import { TEXT_ENCODER_PREFIX, textEncoderIn } from '../../model/text/built-in-text.ts';
import { SaltError } from '../../protocol/errors.ts';
import { breathe } from '../../protocol/breathe.ts';
import { runNoteText } from '../../protocol/run-note.ts';
import { ADAMW_DEFAULTS } from '../adamw.ts';
import type { CheckpointStore } from '../checkpoint-store.ts';
import { VESSEL_LOSS } from '../loss.ts';
import type { LossOptions } from '../loss.ts';
import { learningRateAt } from '../schedule.ts';
import { StepEngine } from '../step-engine.ts';
import { DrawnBatches } from './drawn-batches.ts';
import { evaluatePretraining } from './evaluation.ts';
import type { PretrainingScore } from './evaluation.ts';
import { engineStart, namedState } from './named-state.ts';
import type { NamedState } from './named-state.ts';
import { isSamAlone, isSpatial, rarityShare, stepOfLesson } from './settings.ts';
import type { PretrainingSettings } from './settings.ts';
import { decodePretrainingState, encodePretrainingState, isPretrainingState } from './state.ts';
import type { PretrainingState } from './state.ts';
import { PRETRAINING_OUTPUTS, initialWeights, pretrainingSubject } from './subject.ts';
import type { Lesson } from './subject.ts';
import { teachWords } from './words-lesson.ts';

export type PretrainingEvent =
  | { readonly kind: 'started'; readonly step: number; readonly parameters: number }
  | {
      readonly kind: 'step';
      readonly step: number;
      readonly loss: number;
      readonly learningRate: number;
      readonly secondsPerStep: number;
      readonly secondsLeft: number;
    }
  | { readonly kind: 'evaluation'; readonly step: number; readonly score: PretrainingScore }
  | { readonly kind: 'warning'; readonly message: string };

export interface PretrainingHost {
  readonly executor: Executor;
  readonly store: CheckpointStore;
  readonly resume: boolean;
  /** Weights to start from, all or some; random ones without. `settings.from` or `settings.head` is their hash. */
  readonly start?: ReadonlyMap<string, FloatTensor>;
  onEvent(event: PretrainingEvent): void;
  shouldStop(): boolean;
}

export interface PretrainingResult {
  /** Every tensor of the model's checkpoint. */
  readonly weights: ReadonlyMap<string, FloatTensor>;
  readonly steps: number;
  readonly seconds: number;
  readonly history: PretrainingState['history'];
  readonly finished: boolean;
}

/**
 * As for vessels, but each sample's Dice by itself: prompts for large structures would drown those for small ones. And
 * smoothed by some hundred pixels: by one, the Dice term of a structure that is absent pushes a nearly empty mask to a
 * wholly empty one with a thousand times the force that draws a structure that is there, and words that are not yet
 * understood may learn to draw nothing.
 */
export function pretrainingLoss({ rarity: { floor } }: PretrainingSettings, share: number): LossOptions {
  return { ...VESSEL_LOSS, diceOver: 'sample', diceSmooth: 200, inverseFrequency: { share, floor } };
}
/**
 * Both classes pull equally hard. SAM's masks have no bias: where the background outweighs the structure, the first thing to
 * be learnt is a mask that is empty everywhere, and an image embedding that is the same everywhere is the short way to it.
 * Three runs ended with empty masks; in the third, whose encoder was looked into, the embedding was all but constant.
 */
const SAM_ALONE_LOSS: LossOptions = {
  ...VESSEL_LOSS,
  focalGamma: 0,
  focalWeight: 1,
  diceWeight: 0,
  inverseFrequency: { share: 1, floor: 0.001 },
};
const NUMERICS = { optimiser: ADAMW_DEFAULTS, accumulate: 1, clipNorm: 1 };
const SAVE_SECONDS = 120;
/** Images of each kind in the looks during training. */
const EVALUATION_IMAGES = 3;
/** Weight of the newest step in the running means. */
const NEWEST = 0.01;

/**
 * Trains the model that ships from nothing but drawn images.
 * @throws SaltError `NOT_FINITE`, `RESUME_MISMATCH`, `FILE_UNWRITABLE`, `OUT_OF_MEMORY`
 */
export async function pretrain(
  settings: PretrainingSettings,
  host: PretrainingHost,
): Promise<PretrainingResult> {
  const run = await PretrainingRun.open(settings, host);
  try {
    return await run.toTheEnd();
  } finally {
    await run.dispose();
  }
}

class PretrainingRun {
  readonly #settings: PretrainingSettings;
  readonly #host: PretrainingHost;
  readonly #batches: DrawnBatches;
  readonly #history: PretrainingState['history'];
  /** On the clock of `performance.now`, as if there had been no interruption. */
  readonly #startedAt: number;
  #state: NamedState;
  #engine: { readonly steps: StepEngine; readonly lesson: Lesson; readonly share: number } | undefined;
  #step: number;
  #savedAt = performance.now();
  #taken = 0;
  #loss = 0;
  #secondsPerStep = 0;

  private constructor(
    settings: PretrainingSettings,
    host: PretrainingHost,
    state: PretrainingState,
    batches: DrawnBatches,
  ) {
    this.#settings = settings;
    this.#host = host;
    this.#state = state;
    this.#batches = batches;
    this.#history = [...state.history];
    this.#startedAt = performance.now() - state.elapsedSeconds * 1000;
    this.#step = state.step;
  }

  static async open(settings: PretrainingSettings, host: PretrainingHost): Promise<PretrainingRun> {
    const state =
      (host.resume ? await loadState(settings, host) : undefined) ?? (await firstState(settings, host));
    const frequencies = state.values.get(GAUSSIAN_MATRIX);
    if (!frequencies) throw new RangeError('The model has no positional encoding.');
    const encoder = await textEncoderIn(state.values);
    const batches = new DrawnBatches(settings, PRETRAINING_OUTPUTS, frequencies, encoder);
    return new PretrainingRun(settings, host, state, batches);
  }

  async toTheEnd(): Promise<PretrainingResult> {
    const { steps, evaluateEvery } = this.#settings;
    this.#host.onEvent({
      kind: 'started',
      step: this.#step,
      parameters: [...this.#state.values.values()].reduce((sum, { data }) => sum + data.length, 0),
    });
    while (this.#step < steps && !this.#host.shouldStop()) {
      await this.#takeStep();
      if (this.#step % evaluateEvery === 0 || this.#step === steps) await this.#evaluate();
      if (performance.now() - this.#savedAt > SAVE_SECONDS * 1000) await this.#save();
      await breathe();
    }
    await this.#save();
    const weights = new Map(this.#state.values);
    // Computed from the others.
    weights.delete(DENSE_POSITIONS);
    return {
      weights,
      steps: this.#step,
      seconds: this.#elapsed(),
      history: this.#history,
      finished: this.#step >= steps,
    };
  }

  async dispose(): Promise<void> {
    await this.#engine?.steps.dispose();
    this.#engine = undefined;
  }

  async #takeStep(): Promise<void> {
    const startedAt = performance.now();
    const step = this.#step + 1;
    const engine = await this.#engineFor(step);
    const batch = await this.#batches.at(step);
    const { schedule, steps } = this.#settings;
    const place = stepOfLesson(this.#settings, step);
    const learningRate = learningRateAt(schedule, (step - 1) / steps, place);
    const report = await engine.step(() => Promise.resolve(batch), {
      step: place,
      learningRate,
      shouldStop: () => false,
    });
    if ('suspect' in report) {
      const { layer, what } = report.suspect;
      throw new SaltError('NOT_FINITE', `Step ${step} gave a NaN or Inf in ${layer}: ${what}.`, {
        step,
        layer,
      });
    }
    this.#step = step;
    const seconds = (performance.now() - startedAt) / 1000;
    this.#taken += 1;
    // A plain mean as long as there are few.
    const newest = Math.max(NEWEST, 1 / this.#taken);
    this.#loss += newest * (report.loss.total - this.#loss);
    this.#secondsPerStep += newest * (seconds - this.#secondsPerStep);
    this.#host.onEvent({
      kind: 'step',
      step,
      loss: this.#loss,
      learningRate,
      secondsPerStep: this.#secondsPerStep,
      secondsLeft: (steps - step) * this.#secondsPerStep,
    });
  }

  /** Each lesson needs another graph: the run goes on in it from where it stands. */
  async #engineFor(step: number): Promise<StepEngine> {
    const samAlone = isSamAlone(this.#settings, step);
    const spatial = isSpatial(this.#settings, step);
    const share = rarityShare(this.#settings, step);
    const now = this.#engine;
    if (now?.lesson.samAlone === samAlone && now.lesson.spatial === spatial && now.share === share) {
      return now.steps;
    }
    await this.#gather();
    await this.dispose();
    if (stepOfLesson(this.#settings, step) === 1) {
      this.#state = { ...this.#state, first: new Map(), second: new Map() };
    }
    const lesson = { samAlone, spatial };
    const subject = pretrainingSubject(this.#settings, this.#state.values, lesson);
    const steps = await StepEngine.open(
      { executor: this.#host.executor, plan: 'whole' },
      subject,
      { ...NUMERICS, loss: samAlone ? SAM_ALONE_LOSS : pretrainingLoss(this.#settings, share) },
      engineStart(subject, this.#state),
    );
    this.#engine = { steps, lesson, share };
    return steps;
  }

  async #gather(): Promise<void> {
    if (this.#engine) this.#state = await namedState(this.#engine.steps, this.#state);
  }

  async #save(): Promise<void> {
    await this.#gather();
    const progress = { settings: this.#settings, step: this.#step, history: this.#history };
    const state = { ...progress, elapsedSeconds: this.#elapsed(), ...this.#state };
    await this.#host.store.save(encodePretrainingState(state));
    this.#savedAt = performance.now();
  }

  async #evaluate(): Promise<void> {
    await this.#gather();
    const samAlone = isSamAlone(this.#settings, this.#step);
    const score = await evaluate(this.#settings, this.#host, this.#state.values, samAlone);
    this.#history.push({ step: this.#step, loss: this.#loss, score });
    this.#host.onEvent({ kind: 'evaluation', step: this.#step, score });
  }

  #elapsed(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }
}

async function evaluate(
  { imageSize }: PretrainingSettings,
  { executor }: PretrainingHost,
  weights: ReadonlyMap<string, FloatTensor>,
  samAlone: boolean,
): Promise<PretrainingScore> {
  return evaluatePretraining({
    samAlone,
    executor,
    weights: prepareSamWeights(weights, SALT_TINY, imageSize),
    encoder: await textEncoderIn(weights),
    imageSize,
    imagesPerKind: EVALUATION_IMAGES,
  });
}

async function firstState(
  settings: PretrainingSettings,
  { executor, start }: PretrainingHost,
): Promise<PretrainingState> {
  // Words that a whole model knows are kept: its masks answer to these numbers and no others.
  const knowsWords = [...(start?.keys() ?? [])].some((name) => name.startsWith(TEXT_ENCODER_PREFIX));
  const words = knowsWords ? undefined : await teachWords(executor, settings.seed);
  const values = initialWeights(settings, words, start);
  return { settings, step: 0, elapsedSeconds: 0, history: [], values, first: new Map(), second: new Map() };
}

async function loadState(
  settings: PretrainingSettings,
  host: PretrainingHost,
): Promise<PretrainingState | undefined> {
  const bytes = await host.store.load(isPretrainingState, ({ message }) => {
    host.onEvent({ kind: 'warning', message });
  });
  if (!bytes) {
    host.onEvent({ kind: 'warning', message: runNoteText({ kind: 'no checkpoint' }) });
    return undefined;
  }
  const state = decodePretrainingState(bytes);
  if (JSON.stringify(state.settings) === JSON.stringify(settings)) return state;
  throw new SaltError(
    'RESUME_MISMATCH',
    'The checkpoint belongs to a pretraining run with other settings. Resume with the same ones, or start anew.',
  );
}
