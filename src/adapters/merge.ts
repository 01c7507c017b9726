import type { DeviceTensor, Executor } from '../graph/executor.ts';
import { Graph } from '../graph/graph.ts';
import { encodeModel } from '../graph/onnx.ts';
import { sameShape } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { SaltError } from '../protocol/errors.ts';
import type { AdaptedLayer, Adapter } from './adapter.ts';
import { layerFactors } from './initial-values.ts';
import type { SvdOf } from './initial-values.ts';
import { tensorGroup } from './trained-tensors.ts';
import { checkTrainedValues } from './trained-values.ts';

/**
 * The model with the adapter composed into its weights, under the checkpoint's own names. It computes the same
 * function, and nothing of the adapter is left to pay for at inference.
 *
 * @param weights of the base model at the adapter's image size, by name; not written to
 * @param trained every tensor that the adapter trains, or trained once
 * @param svdOf asked for the layers that SALT and S-SAM adapt
 * @param executor where the products run, one layer at a time
 * @throws SaltError `ADAPTER_INVALID` when `trained` does not fit the adapter, `CHECKPOINT_MISMATCH` when `weights`
 *   do not fit the model
 */
export async function mergeWeights(
  weights: ReadonlyMap<string, FloatTensor>,
  adapter: Adapter,
  trained: ReadonlyMap<string, FloatTensor>,
  svdOf: SvdOf,
  executor: Executor,
): Promise<Map<string, FloatTensor>> {
  checkTrainedValues(adapter, trained, adapter.trainedOnce);
  const merged = new Map(weights);
  for (const [name, value] of trained) {
    if (tensorGroup(name) === 'adapter') continue;
    const before = weights.get(name);
    if (before && !sameShape(before.shape, value.shape)) {
      throw new SaltError(
        'CHECKPOINT_MISMATCH',
        `The adapter's ${name} is [${value.shape.join(', ')}], the model's [${before.shape.join(', ')}]: merge at the image size that the adapter was trained at.`,
        { tensor: name },
      );
    }
    merged.set(name, value);
  }
  for (const layer of adapter.layers) {
    const factors = await layerFactors(layer, svdOf);
    merged.set(
      `${layer.name}.weight`,
      await composeWeight(layer, new Map([...weights, ...trained, ...factors]), executor),
    );
  }
  return merged;
}

/** Runs the layer's composition as a graph of its own. */
async function composeWeight(
  { name, layer, compose }: AdaptedLayer,
  values: ReadonlyMap<string, FloatTensor>,
  executor: Executor,
): Promise<FloatTensor> {
  const graph = new Graph();
  const weight = compose(
    { graph, tensor: (part, shape) => graph.input(part, shape), penalise: () => undefined },
    layer,
  );
  graph.output('composed', weight);
  const program = await executor.compile(encodeModel(graph), { hostOutputs: ['composed'] });
  const held: DeviceTensor[] = [];
  try {
    const feeds: Record<string, DeviceTensor> = {};
    for (const input of graph.inputs) {
      const value = values.get(`${name}.${input.name}`);
      if (!value || !sameShape(value.shape, input.shape)) {
        throw new SaltError(
          'CHECKPOINT_MISMATCH',
          `The model needs ${name}.${input.name} of shape [${input.shape.join(', ')}].`,
          { tensor: `${name}.${input.name}` },
        );
      }
      const feed = await executor.upload(value);
      held.push(feed);
      feeds[input.name] = feed;
    }
    const { composed } = await program.run(feeds);
    if (!composed) throw new SaltError('GRAPH_INVALID', `Composing ${name} returned nothing.`);
    held.push(composed);
    const result = await executor.download(composed);
    if (result.dtype !== 'float32') {
      throw new SaltError('GRAPH_INVALID', `Composing ${name} returned ${result.dtype}.`);
    }
    // On the processor the data may be the library's own memory, which goes with the tensor.
    return { dtype: 'float32', shape: weight.shape, data: Float32Array.from(result.data as Float32Array) };
  } finally {
    for (const tensor of held) tensor.dispose();
    await program.dispose();
  }
}
