import { SaltError } from '../protocol/errors.ts';
import { encodeModel } from '../graph/index.ts';
import type { DeviceTensor, Executor, Program } from '../graph/executor.ts';
import type { Graph } from '../graph/graph.ts';
import type { FrozenTensors } from './frozen-tensors.ts';
import { LOSS_OUTPUTS, readLoss, readScalar, take } from './plan-io.ts';
import type { Outputs } from './plan-io.ts';
import type { ModelLayout, StageLayout } from './segments.ts';
import { TENSOR } from './staged-graphs.ts';
import type { StagedGraphs } from './staged-graphs.ts';
import type { LossParts, StepGradients, StepPlan } from './step-plan.ts';

interface CompiledGraph {
  readonly program: Program;
  readonly inputs: readonly string[];
}

interface CompiledStage {
  readonly layout: StageLayout;
  readonly forward: CompiledGraph | undefined;
  readonly backward: CompiledGraph | undefined;
}

/** Stage by stage: one activation for each stage is stored, everything else recomputed in the backward pass. */
export async function createStagedPlan(
  graphs: StagedGraphs,
  layout: ModelLayout,
  frozen: FrozenTensors,
  executor: Executor,
): Promise<StepPlan> {
  const pool = new ProgramPool(executor);
  const stages: CompiledStage[] = [];
  for (const { layout: stageLayout, forward, backward } of graphs.stages) {
    stages.push({
      layout: stageLayout,
      forward: forward && (await pool.compile(forward)),
      backward: backward && (await pool.compile(backward)),
    });
  }
  return {
    kind: 'staged',
    segments: layout.segments,
    gradients: (parameters, batch, shouldStop = () => false) =>
      new StagedStep(stages, executor, frozen, { parameters, batch, shouldStop }).run(graphs.penaltyWeight),
    dispose: () => pool.dispose(),
  };
}

interface StepInput {
  readonly parameters: readonly DeviceTensor[];
  readonly batch: Readonly<Record<string, DeviceTensor>>;
  readonly shouldStop: () => boolean;
}

/** One forward and backward pass, and the tensors that it holds on the way. */
class StagedStep {
  readonly #stages: readonly CompiledStage[];
  readonly #executor: Executor;
  readonly #frozen: FrozenTensors;
  readonly #input: StepInput;
  /** The input of each stage. */
  readonly #activations: (DeviceTensor | undefined)[] = [undefined];
  /** The gradient of the loss by the output of the stage that is next in the backward pass. */
  #flowing: DeviceTensor | undefined;
  /** By segment. */
  readonly #gradients: DeviceTensor[] = [];
  readonly #squaredNorms: number[] = [];

  constructor(stages: readonly CompiledStage[], executor: Executor, frozen: FrozenTensors, input: StepInput) {
    this.#stages = stages;
    this.#executor = executor;
    this.#frozen = frozen;
    this.#input = input;
  }

  async run(penaltyWeight: number): Promise<StepGradients> {
    try {
      await this.#forward();
      const loss = await this.#backward(penaltyWeight);
      return { loss, gradients: this.#gradients, squaredNorms: this.#squaredNorms };
    } catch (error) {
      for (const tensor of [...this.#activations, ...this.#gradients, this.#flowing]) tensor?.dispose();
      throw error;
    }
  }

  async #forward(): Promise<void> {
    for (const [i, { layout, forward, backward }] of this.#stages.entries()) {
      if (!forward) continue;
      const outputs = await this.#call(layout, forward, i);
      this.#activations.push(take(outputs, 'output'));
      // Below everything that is trained, no activation is needed again.
      if (!backward) this.#activations[i]?.dispose();
    }
  }

  async #backward(penaltyWeight: number): Promise<LossParts> {
    let loss: LossParts = { focal: NaN, dice: NaN, penalty: NaN, total: NaN };
    let penalty = 0;
    for (const [i, { layout, forward, backward }] of [...this.#stages.entries()].reverse()) {
      if (!backward) break;
      const outputs = await this.#call(layout, backward, i);
      this.#activations[i]?.dispose();
      this.#flowing?.dispose();
      this.#flowing = outputs['dActivation'];
      if (forward) penalty += await readScalar(this.#executor, outputs, 'penalty');
      else loss = await readLoss(this.#executor, outputs);
      if (layout.segment !== undefined) {
        this.#gradients[layout.segment] = take(outputs, 'dParameters');
        this.#squaredNorms[layout.segment] = await readScalar(this.#executor, outputs, 'squaredNorm');
      }
    }
    return { ...loss, penalty: loss.penalty + penalty, total: loss.total + penaltyWeight * penalty };
  }

  async #call(layout: StageLayout, graph: CompiledGraph, index: number): Promise<Outputs> {
    const { parameters, batch, shouldStop } = this.#input;
    if (shouldStop()) throw new SaltError('CANCELLED', 'The step was cancelled.');
    const feeds: Record<string, DeviceTensor> = {};
    for (const name of graph.inputs) {
      let tensor: DeviceTensor | undefined;
      if (name === 'activation') tensor = this.#activations[index];
      else if (name === 'gradient') tensor = this.#flowing;
      else if (name === 'parameters') tensor = parameters[layout.segment ?? -1];
      else if (name.startsWith(TENSOR))
        tensor = this.#frozen.get(layout.stage.prefix + name.slice(TENSOR.length));
      else tensor = batch[name];
      if (!tensor) throw new RangeError(`Stage ${layout.stage.name} needs "${name}", which nobody gave.`);
      feeds[name] = tensor;
    }
    return graph.program.run(feeds);
  }
}

/** Scalars and losses, which the host reads after every stage. */
const HOST_OUTPUTS = new Set<string>([...LOSS_OUTPUTS, 'squaredNorm']);

/** Compiles equal graphs once. */
class ProgramPool {
  readonly #executor: Executor;
  readonly #compiled: { readonly model: Uint8Array; readonly program: Program }[] = [];

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  async compile(graph: Graph): Promise<CompiledGraph> {
    const model = encodeModel(graph);
    const inputs = graph.inputs.map((input) => input.name);
    let entry = this.#compiled.find((other) => sameBytes(other.model, model));
    if (!entry) {
      const hostOutputs = [...graph.outputs.keys()].filter((name) => HOST_OUTPUTS.has(name));
      entry = { model, program: await this.#executor.compile(model, { hostOutputs }) };
      this.#compiled.push(entry);
    }
    return { program: entry.program, inputs };
  }

  async dispose(): Promise<void> {
    for (const { program } of this.#compiled) await program.dispose();
    this.#compiled.length = 0;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
