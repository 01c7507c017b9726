import { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/graph.ts';
import type { TensorSpec } from '../graph/tensor.ts';
import { Scope } from './scope.ts';
import type { Stage } from './segmentation-model.ts';

/** Global names and shapes of what a stage reads, in order of first use. Builds it once, on paper. */
export function stageSpecs(stage: Stage): TensorSpec[] {
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
  stage.build(new Scope(graph, resolve), activation, batch);
  return [...seen.values()].map(({ spec: { name, shape } }) => ({ name: stage.prefix + name, shape }));
}
