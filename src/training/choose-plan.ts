import type { StageAdapter } from '../adapters/stage-tensors.ts';
import { SaltError } from '../protocol/errors.ts';
import { formatBytes } from '../protocol/format-bytes.ts';
import { estimateMemory, sizeOf } from '../graph/index.ts';
import type { Executor } from '../graph/executor.ts';
import type { Graph } from '../graph/graph.ts';
import { allStages } from '../model/segmentation-model.ts';
import type { SegmentationModel } from '../model/segmentation-model.ts';
import { frozenSpecs } from './frozen-tensors.ts';
import type { FrozenTensors } from './frozen-tensors.ts';
import type { LossOptions } from './loss.ts';
import type { ModelLayout } from './segments.ts';
import { createStagedPlan } from './staged-plan.ts';
import { stagedGraphs } from './staged-graphs.ts';
import type { StepPlan } from './step-plan.ts';
import { createWholePlan, wholeStepGraph } from './whole-plan.ts';

const FLOAT_BYTES = 4;
/** Parameters, gradient, both moments, and one new vector while an update runs. */
const COPIES_OF_PARAMETERS = 5;

export interface PlanChoice {
  readonly kind: StepPlan['kind'];
  /** Estimated peak of tensors in bytes, weights and optimiser included, for each plan. */
  readonly estimates: Readonly<Record<StepPlan['kind'], number>>;
  /** For people. */
  readonly reason: string;
  compile(frozen: FrozenTensors, executor: Executor): Promise<StepPlan>;
}

/**
 * Chooses between one graph for the whole step (faster) and stage by stage with recomputation (smaller), from the
 * lifetimes of all tensors.
 * @param maxBytes what the step may take
 * @param wanted overrules the choice
 * @throws SaltError `OUT_OF_MEMORY` when neither plan fits, saying what would
 */
export function choosePlan(
  model: SegmentationModel,
  layout: ModelLayout,
  adapter: StageAdapter,
  loss: LossOptions,
  maxBytes: number,
  wanted?: StepPlan['kind'],
): PlanChoice {
  const whole = wholeStepGraph(model, layout, adapter, loss);
  const staged = stagedGraphs(model, layout, adapter, loss);
  const parameters = layout.segments.reduce((total, { length }) => total + length, 0);
  const standing = FLOAT_BYTES * (frozenSize(layout) + COPIES_OF_PARAMETERS * parameters + batchSize(model));
  const stored =
    FLOAT_BYTES * allStages(model).reduce((n, { activation }) => n + sizeOf(activation ?? [0]), 0);
  const programs = staged.stages.flatMap(({ forward, backward }) => [forward, backward]);
  const estimates = {
    whole: standing + estimateMemory(whole).peakActivationBytes,
    staged: standing + stored + Math.max(...programs.map((graph) => (graph ? transient(graph) : 0))),
  };
  const kind = wanted ?? (estimates.whole <= maxBytes ? 'whole' : 'staged');
  if (estimates[kind] > maxBytes) {
    throw new SaltError(
      'OUT_OF_MEMORY',
      `A training step needs about ${formatBytes(estimates[kind])} and may take ${formatBytes(maxBytes)}. ` +
        'Choose a smaller batch, image size or model, or adapt only the last blocks.',
      { needed: estimates[kind], allowed: maxBytes },
    );
  }
  const fits = `one graph takes about ${formatBytes(estimates.whole)}, stage by stage ${formatBytes(estimates.staged)}`;
  return {
    kind,
    estimates,
    reason: `${kind === 'whole' ? 'The whole step as one graph' : 'Stage by stage with recomputation'}: ${fits}, ${Number.isFinite(maxBytes) ? `allowed are ${formatBytes(maxBytes)}` : 'no limit was given'}.`,
    compile: (frozen, executor) =>
      kind === 'whole'
        ? createWholePlan(whole, layout, frozen, executor)
        : createStagedPlan(staged, layout, frozen, executor),
  };
}

function transient(graph: Graph): number {
  return estimateMemory(graph).peakActivationBytes;
}

function frozenSize(layout: ModelLayout): number {
  return frozenSpecs(layout).reduce((total, { shape }) => total + sizeOf(shape), 0);
}

function batchSize(model: SegmentationModel): number {
  const inputs = new Map(
    allStages(model).flatMap(({ batchInputs }) => batchInputs.map((spec) => [spec.name, spec])),
  );
  const { batchSize: batch, imageSize, logitsShape } = model;
  const targets = batch * (logitsShape[1] + 1) * imageSize ** 2;
  return targets + [...inputs.values()].reduce((total, { shape }) => total + sizeOf(shape), 0);
}
