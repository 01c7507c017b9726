/** Finds where a training step stopped making sense. */
import type { DeviceTensor, Executor } from '../graph/executor.ts';
import { encodeModel } from '../graph/index.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { OUTPUT_LAYER } from '../inference/segmenter.ts';
import { SaltError } from '../protocol/errors.ts';
import { downloadFloats, take } from './plan-io.ts';
import type { StepSubject } from './job.ts';
import type { LossOptions } from './loss.ts';
import { layoutModel, unpackHost } from './segments.ts';
import type { StageLayout } from './segments.ts';
import { TENSOR, stagedGraphs } from './staged-graphs.ts';
import type { Segment } from './step-plan.ts';

export interface Suspect {
  /** A parameter's or weight's name, or a stage's where the numbers it computes from are all right. */
  readonly layer: string;
  /** For people: what is wrong with it. */
  readonly what: string;
}

/** The first parameter with a NaN or Inf; with `nearestLoss`, the last. */
export function nonFiniteParameter(
  segments: readonly Segment[],
  vectors: readonly FloatTensor[],
  nearestLoss = false,
): string | undefined {
  const bad = segments.flatMap((segment, i) => {
    const vector = vectors[i];
    if (!vector || isFinite(vector)) return [];
    return [...unpackHost(segment, vector)].filter(([, value]) => !isFinite(value)).map(([name]) => name);
  });
  return nearestLoss ? bad[bad.length - 1] : bad[0];
}

export interface FailedStep {
  readonly parameters: readonly FloatTensor[];
  /** Undefined when the loss itself was not finite. */
  readonly gradients: readonly FloatTensor[] | undefined;
  readonly batch: ReadonlyMap<string, FloatTensor>;
}

/** Looks at the parameters, then at each stage's weights and output in the forward pass, then at the gradients. */
export async function findNonFinite(
  executor: Executor,
  subject: StepSubject,
  loss: LossOptions,
  step: FailedStep,
): Promise<Suspect> {
  const layout = layoutModel(subject.model, subject.adapter);
  const parameter = nonFiniteParameter(layout.segments, step.parameters);
  if (parameter) return { layer: parameter, what: 'its values are not finite' };
  if (step.gradients) {
    // The backward pass carries a NaN on towards the input, so the one nearest to the loss came first.
    const gradient = nonFiniteParameter(layout.segments, step.gradients, true);
    if (gradient) return { layer: gradient, what: 'its gradient is not finite' };
  }
  const { stages } = stagedGraphs(subject.model, layout, subject.adapter, loss);
  let activation: FloatTensor | undefined;
  for (const { layout: stageLayout, forward } of stages) {
    const { stage, frozen } = stageLayout;
    const weight = frozen
      .map(({ name }) => stage.prefix + name)
      .find((name) => !isFinite(subject.values.get(name)));
    if (weight) return { layer: weight, what: 'its values are not finite' };
    if (!forward) return { layer: stage.name, what: 'its output or the loss is not finite' };
    const feeds = stageFeeds(stageLayout, subject, step, activation);
    activation = await runStage(
      executor,
      encodeModel(forward),
      forward.inputs.map(({ name }) => name),
      feeds,
    );
    if (!isFinite(activation)) return { layer: stage.name, what: 'its output is not finite' };
  }
  return { layer: 'loss', what: 'it is not finite' };
}

/** @throws the error, unless it says that the model's output was not finite */
export function unlessOutputNotFinite(error: unknown): null {
  if (error instanceof SaltError && error.code === 'NOT_FINITE' && error.details['layer'] === OUTPUT_LAYER) {
    return null;
  }
  throw error;
}

function stageFeeds(
  { stage, segment }: StageLayout,
  { values }: StepSubject,
  { parameters, batch }: FailedStep,
  activation: FloatTensor | undefined,
): (name: string) => FloatTensor | undefined {
  return (name) => {
    if (name === 'activation') return activation;
    if (name === 'parameters') return parameters[segment ?? -1];
    if (name.startsWith(TENSOR)) return values.get(stage.prefix + name.slice(TENSOR.length));
    return batch.get(name);
  };
}

async function runStage(
  executor: Executor,
  model: Uint8Array,
  inputs: readonly string[],
  feedOf: (name: string) => FloatTensor | undefined,
): Promise<FloatTensor> {
  const program = await executor.compile(model);
  const held: DeviceTensor[] = [];
  try {
    const feeds: Record<string, DeviceTensor> = {};
    for (const name of inputs) {
      const value = feedOf(name);
      if (value) held.push((feeds[name] = await executor.upload(value)));
    }
    const outputs = await program.run(feeds);
    held.push(...Object.values(outputs));
    return await downloadFloats(executor, take(outputs, 'output'));
  } finally {
    for (const tensor of held) tensor.dispose();
    await program.dispose();
  }
}

function isFinite(tensor: FloatTensor | undefined): boolean {
  return tensor?.data.every(Number.isFinite) ?? true;
}
