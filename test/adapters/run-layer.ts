import { encodeModel, gradients, Graph, ops } from '../../src/graph/index.ts';
import type { DeviceTensor, Executor } from '../../src/graph/executor.ts';
import type { Value } from '../../src/graph/graph.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { FloatTensor, Shape } from '../../src/graph/tensor.ts';
import { Scope } from '../../src/model/scope.ts';
import type { LayerRule } from '../../src/model/scope.ts';
import type { Random } from '../../src/protocol/random.ts';

/** A linear layer over x [..., in], or a convolution of x [n, c, h, w]. */
export interface LayerCase {
  readonly x: Shape;
  readonly out: number;
  readonly bias: boolean;
  readonly conv?: { readonly kernel: number; readonly stride: number; readonly padding: number };
}

export function featuresIn({ x, conv }: LayerCase): number {
  return conv ? (x[1] ?? 0) * conv.kernel ** 2 : (x[x.length - 1] ?? 0);
}

export function randomTensor(random: Random, shape: Shape, spread = 1): FloatTensor {
  const tensor = floatTensor(shape);
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = spread * random.normal();
  return tensor;
}

export interface LayerRun {
  readonly y: Float32Array;
  /** The sum of what the rule added to the regulariser. */
  readonly penalty: number;
  /** Of sum(y * weights) + penalty, by every tensor and by x. */
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/**
 * Runs one layer under a rule.
 * @param tensors by name below the layer; exactly those that the rule asks for
 * @param weights of the outputs in the loss that gradients are taken of; as many as y has numbers
 */
export async function runLayer(
  executor: Executor,
  rule: LayerRule | undefined,
  { x, out, bias, conv }: LayerCase,
  input: FloatTensor,
  tensors: Readonly<Record<string, FloatTensor>>,
  weights: Float32Array,
): Promise<LayerRun> {
  const graph = new Graph();
  const scope = new Scope(
    graph,
    ({ name, shape }) => {
      const wanted = tensors[name.replace('layer.', '')]?.shape.join();
      if (wanted !== shape.join()) throw new Error(`${name}: asked for [${shape.join()}], have [${wanted}]`);
      return graph.input(name, shape);
    },
    () => rule,
  );
  const xValue = graph.input('x', x);
  const y = conv
    ? scope.conv('layer', xValue, out, conv.kernel, { ...conv, bias })
    : scope.linear('layer', xValue, out, { bias });
  const penalty = scope.penalties.reduce<Value>((sum, term) => ops.add(sum, term), graph.scalar(0));
  const loss = ops.add(ops.sum(ops.mul(y, graph.constant(weights, y.shape))), penalty);
  const wrt = graph.inputs;
  const slopes = gradients(graph, loss, wrt);
  graph.output('y', y);
  graph.output('penalty', ops.add(penalty, 0));
  wrt.forEach((value, i) => {
    const slope = slopes[i];
    if (slope) graph.output(`gradient.${value.name}`, slope);
  });
  const feeds = new Map(Object.entries(tensors).map(([name, tensor]) => [`layer.${name}`, tensor]));
  feeds.set('x', input);
  const outputs = await runGraph(executor, graph, feeds);
  const entries = [...outputs].filter(([name]) => name.startsWith('gradient.'));
  return {
    y: outputs.get('y') ?? new Float32Array(),
    penalty: outputs.get('penalty')?.[0] ?? NaN,
    gradients: Object.fromEntries(
      entries.map(([name, data]) => [name.replace('gradient.', '').replace('layer.', ''), data]),
    ),
  };
}

/** Feeds what the graph asks for and returns every output as numbers. */
export async function runGraph(
  executor: Executor,
  model: Graph | Uint8Array,
  tensors: ReadonlyMap<string, FloatTensor>,
): Promise<Map<string, Float32Array>> {
  const program = await executor.compile(model instanceof Graph ? encodeModel(model) : model);
  const feeds: Record<string, DeviceTensor> = {};
  for (const [name, tensor] of tensors) feeds[name] = await executor.upload(tensor);
  const outputs = await program.run(feeds);
  const result = new Map<string, Float32Array>();
  for (const [name, tensor] of Object.entries(outputs)) {
    const { data } = await executor.download(tensor);
    if (data instanceof Float32Array) result.set(name, data.slice());
  }
  await program.dispose();
  return result;
}

/** The largest difference, relative to the largest expected magnitude. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN)));
    size = Math.max(size, Math.abs(expected[i] ?? NaN));
  }
  return Number.isNaN(difference) ? Infinity : difference / (size || 1);
}
