import type { Graph, Value } from '../graph/graph.ts';
import type { TensorSpec } from '../graph/tensor.ts';
import { Scope } from '../model/scope.ts';
import type { Adaptation, TensorResolver } from '../model/scope.ts';
import type { Stage } from '../model/segmentation-model.ts';
import { localSpecs } from '../model/stage-specs.ts';

/** The tensors that an adapted stage reads, by their names within the stage, in order of first use. */
export interface StageTensors {
  readonly trainable: readonly TensorSpec[];
  readonly frozen: readonly TensorSpec[];
}

/** Which layers of a stage are computed otherwise, and which tensors are trained. */
export interface StageAdapter {
  adaptationFor(stage: Stage): Adaptation;
  /** @param name the tensor's global name: stage prefix + name within the stage */
  isTrainable(name: string): boolean;
}

export function stageTensors(stage: Stage, adapter: StageAdapter): StageTensors {
  const specs = localSpecs(stage, adapter.adaptationFor(stage));
  const isTrainable = ({ name }: TensorSpec): boolean => adapter.isTrainable(stage.prefix + name);
  return { trainable: specs.filter(isTrainable), frozen: specs.filter((spec) => !isTrainable(spec)) };
}

export interface BuiltStage {
  readonly activation: Value | undefined;
  readonly batch: Readonly<Record<string, Value>>;
  readonly output: Value;
  readonly penalties: readonly Value[];
}

/** Adds a stage to a graph, its activation and batch tensors as inputs unless given. */
export function buildStage(
  stage: Stage,
  graph: Graph,
  resolve: TensorResolver,
  adapter: StageAdapter,
  given: { readonly activation?: Value | undefined; readonly batch?: Readonly<Record<string, Value>> } = {},
): BuiltStage {
  const activation = given.activation ?? (stage.activation && graph.input('activation', stage.activation));
  const batch =
    given.batch ??
    Object.fromEntries(stage.batchInputs.map(({ name, shape }) => [name, graph.input(name, shape)]));
  const scope = new Scope(graph, resolve, adapter.adaptationFor(stage));
  const output = stage.build(scope, activation, batch);
  return { activation, batch, output, penalties: scope.penalties };
}
