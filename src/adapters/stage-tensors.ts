import { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/graph.ts';
import type { TensorSpec } from '../graph/tensor.ts';
import { Scope } from '../model/scope.ts';
import type { Adaptation, TensorResolver } from '../model/scope.ts';
import type { Stage } from '../model/segmentation-model.ts';

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

/** Builds the stage once, on paper, to see what it asks for. */
export function stageTensors(stage: Stage, adapter: StageAdapter): StageTensors {
  const graph = new Graph();
  const seen = new Map<string, TensorSpec>();
  const values = new Map<string, Value>();
  const resolve: TensorResolver = (spec) => {
    let value = values.get(spec.name);
    if (!value) {
      value = graph.input(`tensor.${spec.name}`, spec.shape);
      values.set(spec.name, value);
      seen.set(spec.name, spec);
    }
    return value;
  };
  buildStage(stage, graph, resolve, adapter);
  const specs = [...seen.values()];
  return {
    trainable: specs.filter((spec) => adapter.isTrainable(stage.prefix + spec.name)),
    frozen: specs.filter((spec) => !adapter.isTrainable(stage.prefix + spec.name)),
  };
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
