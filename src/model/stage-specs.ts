import { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/graph.ts';
import type { TensorSpec } from '../graph/tensor.ts';
import { Scope } from './scope.ts';
import type { Adaptation } from './scope.ts';
import type { Stage } from './segmentation-model.ts';

/**
 * Names within the stage and shapes of what it reads, in order of first use. Builds it once, on paper.
 * @param adaptation layers that are computed otherwise, and read other tensors
 */
export function localSpecs(stage: Stage, adaptation?: Adaptation): TensorSpec[] {
  const graph = new Graph();
  const seen = new Map<string, { spec: TensorSpec; value: Value }>();
  const resolve = (spec: TensorSpec): Value => {
    let entry = seen.get(spec.name);
    if (!entry) {
      entry = { spec, value: graph.input(`tensor.${spec.name}`, spec.shape) };
      seen.set(spec.name, entry);
    }
    return entry.value;
  };
  const activation = stage.activation && graph.input('activation', stage.activation);
  const batch = Object.fromEntries(
    stage.batchInputs.map(({ name, shape }) => [name, graph.input(name, shape)]),
  );
  stage.build(new Scope(graph, resolve, adaptation), activation, batch);
  return [...seen.values()].map(({ spec }) => spec);
}

/** The same by their names in the checkpoint. */
export function stageSpecs(stage: Stage): TensorSpec[] {
  return localSpecs(stage).map(({ name, shape }) => ({ name: stage.prefix + name, shape }));
}
