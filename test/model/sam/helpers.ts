import { readFile } from 'node:fs/promises';
import { encodeModel, Graph } from '../../../src/graph/index.ts';
import type { DeviceTensor, Executor } from '../../../src/graph/executor.ts';
import type { Value } from '../../../src/graph/graph.ts';
import type { FloatTensor, TensorSpec } from '../../../src/graph/tensor.ts';
import { parseSafetensors } from '../../../src/model/checkpoint/safetensors.ts';
import type { SafetensorsFile } from '../../../src/model/checkpoint/safetensors.ts';
import { Scope } from '../../../src/model/scope.ts';
import type { Stage } from '../../../src/model/segmentation-model.ts';

export async function openReference(name: string): Promise<SafetensorsFile> {
  const url = new URL(`../../reference/${name}.safetensors`, import.meta.url);
  return parseSafetensors(await readFile(url));
}

export interface StageGraph {
  readonly graph: Graph;
  /** What the stage asked for, by its names within the stage. */
  readonly tensors: readonly TensorSpec[];
}

/** The stage as a graph with its tensors, activation and batch as inputs and `output` as its output. */
export function stageGraph(stage: Stage): StageGraph {
  const graph = new Graph();
  const tensors = new Map<string, TensorSpec>();
  const values = new Map<string, Value>();
  const scope = new Scope(graph, (spec) => {
    const value = values.get(spec.name) ?? graph.input(spec.name, spec.shape);
    values.set(spec.name, value);
    tensors.set(spec.name, spec);
    return value;
  });
  const activation = stage.activation && graph.input('activation', stage.activation);
  const batch = stage.batchInputs.map(({ name, shape }) => [name, graph.input(name, shape)] as const);
  graph.output('output', stage.build(scope, activation, Object.fromEntries(batch)));
  return { graph, tensors: [...tensors.values()] };
}

/** Runs a graph, taking its inputs from `values` by name. */
export async function runGraph(
  graph: Graph,
  values: ReadonlyMap<string, FloatTensor>,
  executor: Executor,
): Promise<Record<string, FloatTensor>> {
  const program = await executor.compile(encodeModel(graph), { hostOutputs: [...graph.outputs.keys()] });
  const feeds: Record<string, DeviceTensor> = {};
  for (const { name } of graph.inputs) {
    const value = values.get(name);
    if (!value) throw new RangeError(`the test has no "${name}"`);
    feeds[name] = await executor.upload(value);
  }
  const results: Record<string, FloatTensor> = {};
  for (const [name, tensor] of Object.entries(await program.run(feeds))) {
    const { shape, data } = await executor.download(tensor);
    results[name] = { dtype: 'float32', shape, data: Float32Array.from(data) };
  }
  await program.dispose();
  return results;
}

/** Norm of the difference over the norm of `expected`. */
export function relativeError(found: FloatTensor | undefined, expected: FloatTensor): number {
  if (found?.data.length !== expected.data.length) return Infinity;
  let difference = 0;
  let size = 0;
  expected.data.forEach((wanted, i) => {
    difference += ((found.data[i] ?? NaN) - wanted) ** 2;
    size += wanted ** 2;
  });
  return Math.sqrt(difference / size);
}
