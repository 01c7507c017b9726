import type { Executor } from '../../graph/executor.ts';
import { floatTensor } from '../../graph/tensor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import { DENSE_POSITIONS } from '../../model/sam/index.ts';
import { TEXT_ENCODER_PREFIX, builtInTextEncoder } from '../../model/text/built-in-text.ts';
import { SaltError } from '../../protocol/errors.ts';
import { ADAMW_DEFAULTS } from '../adamw.ts';
import type { CheckpointStore } from '../checkpoint-store.ts';
import type { LossOptions } from '../loss.ts';
import { learningRateAt } from '../schedule.ts';
import { StepEngine } from '../step-engine.ts';
import { DrawnBatches } from './drawn-batches.ts';
import { evaluatePretraining } from './evaluation.ts';
import type { PretrainingScore } from './evaluation.ts';
import type { PretrainingSettings } from './settings.ts';
import { decodePretrainingState, encodePretrainingState, isPretrainingState } from './state.ts';
import type { PretrainingState } from './state.ts';
import { PRETRAINING_OUTPUTS, pretrainingSubject } from './subject.ts';

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

/** As for vessels, but each sample's Dice by itself: prompts for large structures would drown those for small ones. */
const LOSS: LossOptions = {
  focalAlpha: 0.5,
  focalGamma: 2,
  focalWeight: 8,
  diceSmooth: 1,
  diceWeight: 1,
  diceOver: 'sample',
  penaltyWeight: 0,
};
const CLIP_NORM = 1;
const SAVE_SECONDS = 120;
/** Images of each kind in the looks during training. */
const EVALUATION_IMAGES = 3;
/** Weight of the newest step in the running means. */
const NEWEST = 0.02;

/**
 * Trains the model that ships from nothing but drawn images.
 * @throws SaltError `NOT_FINITE`, `RESUME_MISMATCH`, `FILE_UNWRITABLE`, `OUT_OF_MEMORY`
 */
export async function pretrain(settings: PretrainingSettings, host: PretrainingHost): Promise<PretrainingResult> {
  const subject = pretrainingSubject(settings);
  const state = host.resume ? await loadState(settings, host) : undefined;
  const numerics = { loss: LOSS, optimiser: ADAMW_DEFAULTS, accumulate: 1, clipNorm: CLIP_NORM };
  const engine = await StepEngine.open(
    { executor: host.executor, plan: 'whole' },
    subject,
    numerics,
    state && { parameters: state.parameters, moments: { first: state.first, second: state.second } },
  );
  try {
    return await run(settings, host, engine, subject.values, state);
  } finally {
    await engine.dispose();
  }
}

async function run(
  settings: PretrainingSettings,
  host: PretrainingHost,
  engine: StepEngine,
  values: ReadonlyMap<string, FloatTensor>,
  state: PretrainingState | undefined,
): Promise<PretrainingResult> {
  const batches = new DrawnBatches(settings, PRETRAINING_OUTPUTS);
  const history = [...(state?.history ?? [])];
  const before = state?.elapsedSeconds ?? 0;
  const startedAt = performance.now();
  const elapsed = (): number => before + (performance.now() - startedAt) / 1000;
  let step = state?.step ?? 0;
  let savedAt = performance.now();
  let [loss, secondsPerStep] = [0, 0];
  host.onEvent({
    kind: 'started',
    step,
    parameters: engine.segments.reduce((sum, { length }) => sum + length, 0),
  });

  const save = async (): Promise<void> => {
    const parameters = await engine.parameters();
    const progress = { settings, step, elapsedSeconds: elapsed(), history };
    await host.store.save(encodePretrainingState({ ...progress, parameters, ...(await engine.moments()) }));
    savedAt = performance.now();
  };
  const weights = async (): Promise<Map<string, FloatTensor>> => {
    const trained = new Map<string, FloatTensor>();
    for (const [name, { shape, data }] of engine.unpack(await engine.parameters())) {
      trained.set(name, floatTensor(shape, data.slice()));
    }
    return new Map([...values, ...trained]);
  };

  while (step < settings.steps && !host.shouldStop()) {
    const stepAt = performance.now();
    step += 1;
    const batch = await batches.at(step);
    const learningRate = learningRateAt(settings.schedule, (step - 1) / settings.steps, step);
    const report = await engine.step(() => Promise.resolve(batch), {
      step,
      learningRate,
      shouldStop: () => false,
    });
    if ('suspect' in report) {
      const { layer, what } = report.suspect;
      throw new SaltError('NOT_FINITE', `Step ${step} gave a NaN or Inf in ${layer}: ${what}.`, { step, layer });
    }
    const seconds = (performance.now() - stepAt) / 1000;
    loss = loss === 0 ? report.loss.total : loss + NEWEST * (report.loss.total - loss);
    secondsPerStep = secondsPerStep === 0 ? seconds : secondsPerStep + NEWEST * (seconds - secondsPerStep);
    const secondsLeft = (settings.steps - step) * secondsPerStep;
    host.onEvent({ kind: 'step', step, loss, learningRate, secondsPerStep, secondsLeft });
    if (step % settings.evaluateEvery === 0 || step === settings.steps) {
      const score = await evaluate(settings, host, await weights());
      history.push({ step, loss, score });
      host.onEvent({ kind: 'evaluation', step, score });
    }
    if (performance.now() - savedAt > SAVE_SECONDS * 1000) await save();
    // Lets messages in.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await save();
  const all = await weights();
  all.delete(DENSE_POSITIONS);
  return { weights: all, steps: step, seconds: elapsed(), history, finished: step >= settings.steps };
}

async function evaluate(
  { imageSize }: PretrainingSettings,
  { executor }: PretrainingHost,
  weights: ReadonlyMap<string, FloatTensor>,
): Promise<PretrainingScore> {
  const text = [...weights].flatMap(([name, value]) =>
    name.startsWith(TEXT_ENCODER_PREFIX) ? [[name.slice(TEXT_ENCODER_PREFIX.length), value] as const] : [],
  );
  const encoder = await builtInTextEncoder(new Map(text));
  return evaluatePretraining({
    executor,
    weights,
    encoder,
    imageSize,
    imagesPerKind: EVALUATION_IMAGES,
  });
}

async function loadState(
  settings: PretrainingSettings,
  host: PretrainingHost,
): Promise<PretrainingState | undefined> {
  const bytes = await host.store.load(isPretrainingState, (message) => {
    host.onEvent({ kind: 'warning', message });
  });
  if (!bytes) return undefined;
  const state = decodePretrainingState(bytes);
  if (JSON.stringify(state.settings) === JSON.stringify(settings)) return state;
  throw new SaltError(
    'RESUME_MISMATCH',
    'The checkpoint belongs to a pretraining run with other settings. Resume with the same ones, or start anew.',
  );
}
