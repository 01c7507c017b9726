import { Graph } from '../../src/graph/index.ts';
import type { Executor } from '../../src/graph/executor.ts';
import type { Value } from '../../src/graph/graph.ts';
import { floatTensor, sizeOf } from '../../src/graph/tensor.ts';
import type { FloatTensor, TensorSpec } from '../../src/graph/tensor.ts';
import { svd } from '../../src/linalg/svd.ts';
import { adapterTensors } from '../../src/adapters/initial-values.ts';
import type { SvdOf } from '../../src/adapters/initial-values.ts';
import type { Adapter } from '../../src/adapters/adapter.ts';
import { buildStage } from '../../src/adapters/stage-tensors.ts';
import type { StageAdapter } from '../../src/adapters/stage-tensors.ts';
import { randomSamWeights, randomTextAffine } from '../../src/model/checkpoint/random-weights.ts';
import { samConfigSchema } from '../../src/model/sam-config.ts';
import { prepareSamWeights, samModel } from '../../src/model/sam/index.ts';
import { allStages } from '../../src/model/segmentation-model.ts';
import type { SegmentationModel } from '../../src/model/segmentation-model.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { runGraph } from './run-layer.ts';

/** Three blocks, the middle one global, windows that need padding, run at another size than its tables' own. */
export const TINY_SAM = samConfigSchema.parse({
  depth: 3,
  embedDim: 16,
  numHeads: 2,
  imageSize: 96,
  patchSize: 16,
  windowSize: 3,
  globalAttnIndexes: [1],
  outChans: 16,
  mlpRatio: 2,
  decoderMlpDim: 12,
  decoderNumHeads: 2,
  decoderDepth: 2,
  promptEmbedDim: 16,
  maskInChans: 4,
  numMultimaskOutputs: 3,
  iouHeadDepth: 2,
  iouHeadHiddenDim: 8,
  textDim: 6,
});

/** The same with a stem of convolutions in place of one projection. */
export const STEMMED_SAM = samConfigSchema.parse({ ...TINY_SAM, stem: [8, 8, 8] });

export const TINY_SIZE = 64;

export function tinySam(batchSize = 1): SegmentationModel {
  return samModel(TINY_SAM, { batchSize, imageSize: TINY_SIZE, prompts: { text: true } });
}

export function tinyWeights(seed = 1): Map<string, FloatTensor> {
  const weights = new Map([...randomSamWeights(TINY_SAM, seed), ...randomTextAffine(TINY_SAM, seed + 1)]);
  return prepareSamWeights(weights, TINY_SAM, TINY_SIZE);
}

export function svdOfWeights(weights: ReadonlyMap<string, FloatTensor>): SvdOf {
  return async (layer) => {
    const weight = weights.get(`${layer}.weight`);
    if (!weight) throw new Error(`no weight of ${layer}`);
    const rows = weight.shape[0] ?? 0;
    return svd(weight.data, rows, weight.data.length / rows);
  };
}

/** Everything that the adapted model reads, each trained tensor moved from its start at random. */
export async function trainedTensors(
  adapter: Adapter,
  weights: ReadonlyMap<string, FloatTensor>,
  seed: number,
): Promise<{ all: Map<string, FloatTensor>; trained: Map<string, FloatTensor> }> {
  const random = createRandom(seed);
  const all = new Map([...weights, ...(await adapterTensors(adapter, svdOfWeights(weights), seed))]);
  const trained = new Map<string, FloatTensor>();
  for (const { name } of adapter.trainable) {
    const start = all.get(name);
    if (!start) throw new Error(`${name} has no start`);
    trained.set(
      name,
      floatTensor(
        start.shape,
        start.data.map((value) => value + 0.2 * random.normal()),
      ),
    );
  }
  return { all: new Map([...all, ...trained]), trained };
}

export const PLAIN: StageAdapter = { adaptationFor: () => () => undefined, isTrainable: () => false };

/** The model's logits, in one graph with its tensors as inputs. */
export async function runModel(
  executor: Executor,
  model: SegmentationModel,
  adapter: StageAdapter,
  tensors: ReadonlyMap<string, FloatTensor>,
  batch: ReadonlyMap<string, FloatTensor>,
): Promise<Float32Array> {
  const graph = new Graph();
  let activation: Value | undefined;
  for (const stage of allStages(model)) {
    const resolve = ({ name, shape }: TensorSpec): Value =>
      graph.valueNamed(stage.prefix + name) ?? graph.input(stage.prefix + name, shape);
    activation = buildStage(stage, graph, resolve, adapter, { activation }).output;
  }
  if (activation) graph.output('logits', activation);
  const feeds = new Map<string, FloatTensor>();
  for (const { name } of graph.inputs) {
    const tensor = batch.get(name) ?? tensors.get(name);
    if (!tensor) throw new Error(`nothing to feed ${name} with`);
    feeds.set(name, tensor);
  }
  return (await runGraph(executor, graph, feeds)).get('logits') ?? new Float32Array();
}

/** An image and a text embedding. */
export function randomBatch(model: SegmentationModel, seed: number): Map<string, FloatTensor> {
  const random = createRandom(seed);
  const specs = allStages(model).flatMap(({ batchInputs }) => batchInputs);
  return new Map(
    specs.map(({ name, shape }) => [
      name,
      floatTensor(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
      ),
    ]),
  );
}
