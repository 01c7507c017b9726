import { buildStage } from '../adapters/index.ts';
import type { StageAdapter } from '../adapters/index.ts';
import type { DeviceTensor, Executor } from '../graph/executor.ts';
import { encodeModel, Graph, ops } from '../graph/index.ts';
import type { Value } from '../graph/graph.ts';
import type { FloatTensor, Shape } from '../graph/tensor.ts';
import type { SegmentationModel, Stage } from '../model/segmentation-model.ts';
import { SaltError } from '../protocol/errors.ts';
import { downloadFloats, take } from './plan-io.ts';

export interface ForwardResult {
  /** [B, C, h, w] */
  readonly embedding: FloatTensor;
  /** Of the model's `logitsShape`. */
  readonly logits: FloatTensor;
}

/**
 * Runs an adapted model once, as one graph.
 * @param tensors everything that it reads: weights and adapter by the checkpoint's names, and the batch
 * @throws SaltError `CHECKPOINT_MISMATCH` listing every tensor that is absent or misshapen
 */
export async function forwardPass(
  model: SegmentationModel,
  adapter: StageAdapter,
  tensors: ReadonlyMap<string, FloatTensor>,
  executor: Executor,
): Promise<ForwardResult> {
  const graph = forwardGraph(model, adapter);
  const wrong = graph.inputs.filter(({ name, shape }) => tensors.get(name)?.shape.join() !== shape.join());
  if (wrong.length > 0) {
    const names = wrong.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
    throw new SaltError('CHECKPOINT_MISMATCH', `The model needs ${names.join(', ')}.`, {
      missing: wrong.map(({ name }) => name),
    });
  }
  const program = await executor.compile(encodeModel(graph), { hostOutputs: ['embedding', 'logits'] });
  const held: DeviceTensor[] = [];
  try {
    const feeds: Record<string, DeviceTensor> = {};
    for (const { name } of graph.inputs) {
      const tensor = tensors.get(name);
      if (tensor) held.push((feeds[name] = await executor.upload(tensor)));
    }
    const outputs = await program.run(feeds);
    held.push(...Object.values(outputs));
    return {
      embedding: await downloadFloats(executor, take(outputs, 'embedding')),
      logits: await downloadFloats(executor, take(outputs, 'logits')),
    };
  } finally {
    for (const tensor of held) tensor.dispose();
    await program.dispose();
  }
}

function forwardGraph(model: SegmentationModel, adapter: StageAdapter): Graph {
  const graph = new Graph();
  const inputs = new Map<string, Value>();
  const input = (name: string, shape: Shape): Value => {
    const known = inputs.get(name) ?? graph.input(name, shape);
    inputs.set(name, known);
    return known;
  };
  const run = (stage: Stage, activation: Value | undefined): Value => {
    const batch = Object.fromEntries(stage.batchInputs.map(({ name, shape }) => [name, input(name, shape)]));
    const resolve = ({ name, shape }: { name: string; shape: Shape }): Value =>
      input(stage.prefix + name, shape);
    return buildStage(stage, graph, resolve, adapter, { activation, batch }).output;
  };
  let embedding: Value | undefined;
  for (const stage of model.imageStages) embedding = run(stage, embedding);
  if (!embedding) throw new RangeError('A model has at least one image stage.');
  graph.output('embedding', ops.transpose(embedding, [0, 3, 1, 2]));
  graph.output('logits', run(model.promptStage, embedding));
  return graph;
}
