import { buildStage } from '../adapters/stage-tensors.ts';
import type { StageAdapter } from '../adapters/stage-tensors.ts';
import { encodeModel, Graph, gradients, ops } from '../graph/index.ts';
import type { DeviceTensor, Executor } from '../graph/executor.ts';
import type { Value } from '../graph/graph.ts';
import type { SegmentationModel } from '../model/segmentation-model.ts';
import type { FrozenTensors } from './frozen-tensors.ts';
import { segmentationLoss } from './loss.ts';
import type { LossOptions } from './loss.ts';
import { LOSS_OUTPUTS, nameLosses, readLoss, readScalar, take, targetInputs } from './plan-io.ts';
import { stageResolver } from './segments.ts';
import type { ModelLayout } from './segments.ts';
import type { StepPlan } from './step-plan.ts';

/** The whole forward and backward pass as one graph: the fastest, where memory allows. */
export function wholeStepGraph(
  model: SegmentationModel,
  layout: ModelLayout,
  adapter: StageAdapter,
  loss: LossOptions,
): Graph {
  const graph = new Graph();
  const vectors = layout.segments.map((segment, i) => graph.input(`parameters.${i}`, [segment.length]));
  const batch: Record<string, Value> = {};
  let activation: Value | undefined;
  const penalties: Value[] = [];
  for (const stageLayout of layout.stages) {
    const { stage, segment } = stageLayout;
    for (const { name, shape } of stage.batchInputs) batch[name] ??= graph.input(name, shape);
    const vector = segment === undefined ? undefined : vectors[segment];
    const resolve = stageResolver(graph, stageLayout, vector, (local) => stage.prefix + local);
    const built = buildStage(stage, graph, resolve, adapter, { activation, batch });
    activation = built.output;
    penalties.push(...built.penalties);
  }
  if (!activation) throw new RangeError('A model has at least one stage.');
  const { target, valid } = targetInputs(graph, model);
  const losses = segmentationLoss(activation, target, valid, penalties, loss);
  nameLosses(graph, losses);
  gradients(graph, losses.total, vectors).forEach((gradient, i) => {
    graph.output(`gradient.${i}`, gradient);
    graph.output(`squaredNorm.${i}`, ops.sum(ops.mul(gradient, gradient)));
  });
  return graph;
}

export async function createWholePlan(
  graph: Graph,
  layout: ModelLayout,
  frozen: FrozenTensors,
  executor: Executor,
): Promise<StepPlan> {
  const { segments } = layout;
  const program = await executor.compile(encodeModel(graph), {
    hostOutputs: [...LOSS_OUTPUTS, ...segments.map((_, i) => `squaredNorm.${i}`)],
  });
  const wanted = graph.inputs.map((input) => input.name);

  return {
    kind: 'whole',
    segments,
    async gradients(parameters, batch) {
      const feeds: Record<string, DeviceTensor> = {};
      for (const name of wanted) {
        const own = /^parameters\.(\d+)$/.exec(name);
        const tensor = own ? parameters[Number(own[1])] : (batch[name] ?? frozen.get(name));
        if (!tensor) throw new RangeError(`The step needs "${name}", which nobody gave.`);
        feeds[name] = tensor;
      }
      const outputs = await program.run(feeds);
      return {
        loss: await readLoss(executor, outputs),
        gradients: segments.map((_, i) => take(outputs, `gradient.${i}`)),
        squaredNorms: await Promise.all(
          segments.map((_, i) => readScalar(executor, outputs, `squaredNorm.${i}`)),
        ),
      };
    },
    dispose: () => program.dispose(),
  };
}
