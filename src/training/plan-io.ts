import { SaltError } from '../protocol/errors.ts';
import type { DeviceTensor, Executor } from '../graph/executor.ts';
import type { Graph, Value } from '../graph/graph.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import type { SegmentationModel } from '../model/segmentation-model.ts';
import type { LossValues } from './loss.ts';
import type { LossParts } from './step-plan.ts';

/** Names of the scalar outputs that both plans read back to the host after every step. */
export const LOSS_OUTPUTS = ['focal', 'dice', 'penalty', 'total'] as const;

export type Outputs = Readonly<Record<string, DeviceTensor>>;

export function nameLosses(graph: Graph, losses: LossValues): void {
  for (const name of LOSS_OUTPUTS) graph.output(name, losses[name]);
}

/** `target` [B, outputs, S, S] and `valid` [B, 1, S, S] as inputs of a graph. */
export function targetInputs(graph: Graph, model: SegmentationModel): { target: Value; valid: Value } {
  const { batchSize, imageSize, logitsShape } = model;
  return {
    target: graph.input('target', [batchSize, logitsShape[1], imageSize, imageSize]),
    valid: graph.input('valid', [batchSize, 1, imageSize, imageSize]),
  };
}

export function take(outputs: Outputs, name: string): DeviceTensor {
  const tensor = outputs[name];
  if (!tensor) throw new SaltError('GRAPH_INVALID', `The program returned no "${name}".`);
  return tensor;
}

export async function readScalar(executor: Executor, outputs: Outputs, name: string): Promise<number> {
  const tensor = take(outputs, name);
  const { data } = await executor.download(tensor);
  tensor.dispose();
  return data[0] ?? NaN;
}

export async function readLoss(executor: Executor, outputs: Outputs): Promise<LossParts> {
  const [focal, dice, penalty, total] = await Promise.all(
    LOSS_OUTPUTS.map((name) => readScalar(executor, outputs, name)),
  );
  return { focal: focal ?? NaN, dice: dice ?? NaN, penalty: penalty ?? NaN, total: total ?? NaN };
}

/** @throws SaltError `GRAPH_INVALID` if it is not a float tensor */
export async function downloadFloats(executor: Executor, tensor: DeviceTensor): Promise<FloatTensor> {
  const host = await executor.download(tensor);
  if (host.dtype !== 'float32' || !(host.data instanceof Float32Array)) {
    throw new SaltError('GRAPH_INVALID', `Expected float32 numbers, got ${host.dtype}.`);
  }
  return { dtype: 'float32', shape: host.shape, data: host.data };
}
