import { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/graph.ts';
import { encodeModel } from '../graph/onnx.ts';
import { sameShape, sizeOf } from '../graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../graph/tensor.ts';
import { allStages } from '../model/segmentation-model.ts';
import type { SegmentationModel, Stage } from '../model/segmentation-model.ts';
import { SaltError } from '../protocol/errors.ts';
import { buildStage } from './stage-tensors.ts';
import type { StageAdapter } from './stage-tensors.ts';

/** Protocol Buffers end at 2^31 - 1 bytes; what is not weights takes far less than the margin. */
const MAX_WEIGHT_BYTES = 2 ** 31 - 2 ** 24;

const PLAIN: StageAdapter = { adaptationFor: () => () => undefined, isTrainable: () => false };

/**
 * The whole model as one ONNX file: inputs are the model's batch tensors (`image` and the prompt's), the output
 * is `logits`, weights are stored inside.
 *
 * @param weights by name in the checkpoint: the base model's, or merged ones
 * @throws SaltError `CHECKPOINT_MISMATCH` when a weight is absent or misshapen, `INVALID_ARGUMENT` above 2 GB, where
 *   ONNX files cannot hold their weights
 */
export function exportOnnx(
  model: SegmentationModel,
  weights: ReadonlyMap<string, FloatTensor>,
): Uint8Array<ArrayBuffer> {
  const graph = new Graph();
  const stored = new Map<string, Value>();
  let bytes = 0;
  const add = (stage: Stage, activation: Value | undefined): Value => {
    const resolve = ({ name, shape }: TensorSpec): Value => {
      const fullName = stage.prefix + name;
      let value = stored.get(fullName);
      if (!value) {
        bytes += 4 * sizeOf(shape);
        if (bytes > MAX_WEIGHT_BYTES) throw tooLarge();
        value = graph.constant(weightData(weights, fullName, shape), shape);
        stored.set(fullName, value);
      }
      return value;
    };
    const batch = Object.fromEntries(
      stage.batchInputs.map(({ name, shape }) => [name, graph.valueNamed(name) ?? graph.input(name, shape)]),
    );
    return buildStage(stage, graph, resolve, PLAIN, { activation, batch }).output;
  };

  let activation: Value | undefined;
  for (const stage of allStages(model)) activation = add(stage, activation);
  if (activation) graph.output('logits', activation);
  return encodeModel(graph);
}

function tooLarge(): SaltError {
  return new SaltError(
    'INVALID_ARGUMENT',
    `The weights take more than the ${MAX_WEIGHT_BYTES} bytes that an ONNX file can hold; write safetensors instead.`,
  );
}

function weightData(
  weights: ReadonlyMap<string, FloatTensor>,
  name: string,
  shape: TensorSpec['shape'],
): Float32Array {
  const tensor = weights.get(name);
  if (!tensor || !sameShape(tensor.shape, shape)) {
    const found = tensor ? `has [${tensor.shape.join(', ')}]` : 'has none';
    throw new SaltError(
      'CHECKPOINT_MISMATCH',
      `The model needs ${name} of shape [${shape.join(', ')}]; the checkpoint ${found}.`,
      { tensor: name },
    );
  }
  return tensor.data;
}
