import type { DeviceTensor, Executor } from '../graph/executor.ts';
import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { AdamW } from './adamw.ts';
import type { Moments } from './adamw.ts';
import { GradientSum } from './gradient-sum.ts';
import type { Batch } from './batches.ts';
import { choosePlan } from './choose-plan.ts';
import type { PlanChoice } from './choose-plan.ts';
import { FrozenTensors } from './frozen-tensors.ts';
import type { StepSubject, TrainingHost } from './job.ts';
import { findNonFinite } from './not-finite.ts';
import type { Suspect } from './not-finite.ts';
import { downloadFloats } from './plan-io.ts';
import { layoutModel, pack, unpackHost } from './segments.ts';
import type { TrainingSettings } from './settings.ts';
import type { LossParts, Segment, StepGradients, StepPlan } from './step-plan.ts';

export interface StepOptions {
  /** Counted from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly shouldStop: () => boolean;
}

export interface StepReport {
  /** Means over the accumulated batches. */
  readonly loss: LossParts;
  /** Length of their mean gradient before clipping. */
  readonly gradientNorm: number;
}

/** What a step ends with when numbers stop being finite; the parameters are those before it. */
export interface StepFailure {
  readonly suspect: Suspect;
}

export interface EngineStart {
  readonly parameters: readonly FloatTensor[];
  readonly moments: Moments;
}

type Numerics = Pick<TrainingSettings, 'loss' | 'optimiser' | 'accumulate' | 'clipNorm'>;

interface Parts {
  readonly executor: Executor;
  readonly subject: StepSubject;
  readonly numerics: Numerics;
  readonly choice: PlanChoice;
  readonly plan: StepPlan;
  readonly frozen: FrozenTensors;
  readonly optimiser: AdamW;
}

/** Takes training steps: keeps parameters and moments on the device, adds up gradients, clips, updates. */
export class StepEngine {
  readonly #parts: Parts;
  readonly #sum: GradientSum;
  #parameters: DeviceTensor[];

  private constructor(parts: Parts, parameters: DeviceTensor[]) {
    this.#parts = parts;
    this.#sum = new GradientSum(parts.executor);
    this.#parameters = parameters;
  }

  /**
   * @param start to go on from; the subject's own values without
   * @throws SaltError `OUT_OF_MEMORY`, `CHECKPOINT_MISMATCH`
   */
  static async open(
    host: Pick<TrainingHost, 'executor' | 'maxBytes' | 'plan'>,
    subject: StepSubject,
    numerics: Numerics,
    start?: EngineStart,
  ): Promise<StepEngine> {
    const { executor } = host;
    const { model, adapter, values } = subject;
    const layout = layoutModel(model, adapter);
    const vectors = start?.parameters ?? layout.segments.map((segment) => pack(segment, values));
    const choice = choosePlan(model, layout, adapter, numerics.loss, host.maxBytes ?? Infinity, host.plan);
    const frozen = await FrozenTensors.upload(executor, layout, values);
    const plan = await choice.compile(frozen, executor);
    const optimiser = await AdamW.create(executor, plan.segments, numerics.optimiser, start?.moments);
    const parameters: DeviceTensor[] = [];
    for (const vector of vectors) parameters.push(await executor.upload(vector));
    return new StepEngine({ executor, subject, numerics, choice, plan, frozen, optimiser }, parameters);
  }

  get choice(): PlanChoice {
    return this.#parts.choice;
  }

  get segments(): readonly Segment[] {
    return this.#parts.plan.segments;
  }

  /**
   * One update from as many batches as are accumulated.
   * @throws SaltError `CANCELLED`, and what `nextBatch` throws; the parameters are then those before the step
   */
  async step(nextBatch: () => Promise<Batch>, options: StepOptions): Promise<StepReport | StepFailure> {
    const { accumulate, clipNorm } = this.#parts.numerics;
    const summed = await this.#accumulate(nextBatch, options.shouldStop);
    if ('suspect' in summed) return summed;
    const { total, losses } = summed;
    const norm = Math.sqrt(total.squaredNorms.reduce((sum, value) => sum + value, 0)) / accumulate;
    const scale = Math.min(1, clipNorm === null ? 1 : clipNorm / norm) / accumulate;
    const { learningRate, step } = options;
    this.#parameters = await this.#parts.optimiser.apply(this.#parameters, total.gradients, {
      learningRate,
      scale,
      step,
    });
    return { loss: meanLoss(losses), gradientNorm: norm };
  }

  /** Runs forward and backward without an update, to see how long it takes. */
  async rehearse(batch: Batch, shouldStop: () => boolean): Promise<void> {
    const { gradients } = await this.#gradients(batch, shouldStop);
    for (const gradient of gradients) gradient.dispose();
  }

  /** Copies of the parameters, one vector for each segment. */
  async parameters(): Promise<FloatTensor[]> {
    return this.#copies(this.#parameters);
  }

  async moments(): Promise<Moments> {
    return this.#parts.optimiser.moments();
  }

  /** By global name; views of the vectors. */
  unpack(vectors: readonly FloatTensor[]): Map<string, FloatTensor> {
    return new Map(
      this.segments.flatMap((segment, i) => {
        const vector = vectors[i];
        return vector ? [...unpackHost(segment, vector)] : [];
      }),
    );
  }

  async dispose(): Promise<void> {
    for (const tensor of this.#parameters) tensor.dispose();
    this.#parameters = [];
    this.#parts.frozen.dispose();
    await this.#sum.dispose();
    await this.#parts.optimiser.dispose();
    await this.#parts.plan.dispose();
  }

  /** Over as many batches as are accumulated. Nothing stays on the device of a sum that does not come about. */
  async #accumulate(
    nextBatch: () => Promise<Batch>,
    shouldStop: () => boolean,
  ): Promise<{ total: StepGradients; losses: LossParts[] } | StepFailure> {
    const losses: LossParts[] = [];
    let total: StepGradients | undefined;
    try {
      for (let i = 0; i < this.#parts.numerics.accumulate; i++) {
        const batch = await nextBatch();
        const gradients = await this.#gradients(batch, shouldStop);
        const squared = gradients.squaredNorms.reduce((sum, value) => sum + value, 0);
        if (!Number.isFinite(gradients.loss.total) || !Number.isFinite(squared)) {
          return { suspect: await this.#investigate(batch, gradients) };
        }
        losses.push(gradients.loss);
        const before = total;
        // The addition disposes both.
        total = undefined;
        total = before ? await this.#sum.add(before, gradients) : gradients;
      }
      if (!total) throw new RangeError('A step takes at least one batch.');
      const whole = { total, losses };
      total = undefined;
      return whole;
    } finally {
      for (const gradient of total?.gradients ?? []) gradient.dispose();
    }
  }

  async #gradients(batch: Batch, shouldStop: () => boolean): Promise<StepGradients> {
    const { executor, plan } = this.#parts;
    const uploaded: Record<string, DeviceTensor> = {};
    try {
      for (const [name, tensor] of Object.entries(batch)) uploaded[name] = await executor.upload(tensor);
      return await plan.gradients(this.#parameters, uploaded, shouldStop);
    } finally {
      for (const tensor of Object.values(uploaded)) tensor.dispose();
    }
  }

  async #investigate(batch: Batch, { loss, gradients }: StepGradients): Promise<Suspect> {
    const { executor, subject, numerics } = this.#parts;
    const lossIsFinite = Number.isFinite(loss.total);
    const suspect = await findNonFinite(executor, subject, numerics.loss, {
      parameters: await this.parameters(),
      gradients: lossIsFinite ? await this.#copies(gradients) : undefined,
      batch: new Map(Object.entries(batch)),
    });
    for (const gradient of gradients) gradient.dispose();
    return suspect;
  }

  async #copies(tensors: readonly DeviceTensor[]): Promise<FloatTensor[]> {
    const copies: FloatTensor[] = [];
    for (const tensor of tensors) {
      const { shape, data } = await downloadFloats(this.#parts.executor, tensor);
      // On the processor a download is a view of memory that goes with the tensor.
      copies.push(floatTensor(shape, data.slice()));
    }
    return copies;
  }
}

function meanLoss(losses: readonly LossParts[]): LossParts {
  const mean = (part: keyof LossParts): number =>
    losses.reduce((sum, loss) => sum + loss[part], 0) / losses.length;
  return { focal: mean('focal'), dice: mean('dice'), penalty: mean('penalty'), total: mean('total') };
}
