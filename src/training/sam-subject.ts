import {
  adapterTensors,
  checkTrainedValues,
  createAdapter,
  factorLayers,
  mergeWeights,
} from '../adapters/index.ts';
import type { FactorMatrices, MethodConfig } from '../adapters/index.ts';
import type { Executor } from '../graph/executor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { inputMultiple, samModelOf, samTensors, trainedInput } from '../inference/sam-base.ts';
import type { SamBase } from '../inference/sam-base.ts';
import { weightsHash } from '../model/checkpoint/weights-hash.ts';
import { allStages } from '../model/segmentation-model.ts';
import { prepareSamWeights } from '../model/sam/index.ts';
import type { TextEncoder } from '../model/text/text-encoder.ts';
import type { TrainingSubject } from './job.ts';

export interface SamSubjectOptions {
  readonly base: SamBase;
  readonly method: MethodConfig;
  /** Side of the square input in pixels. */
  readonly imageSize: number;
  /** The same when frames are segmented. Default: `imageSize`. */
  readonly segmentedAt?: number;
  /** Longest side of the frames in training, where examples are tiles of them. Default: frames are seen whole. */
  readonly frameSize?: number;
  readonly batchSize: number;
  /** Of the adapter's and the text affine layer's start. */
  readonly seed: number;
  readonly words: readonly string[];
  readonly encoder: TextEncoder;
  /** Asked once, for the layers that the method treats by their singular values. */
  readonly factor: FactorMatrices;
  /** Where weights are merged for the evaluations. */
  readonly executor: Executor;
  /** To start from, in place of the method's own start: all that is trained, by its name in the checkpoint. */
  readonly start?: ReadonlyMap<string, FloatTensor>;
}

/** An image is encoded once for as many words: more would take memory that a browser may not have. */
const MOST_PROMPTS = 4;

/** A head can be asked all words about one image at once, which costs little beside another image. */
export function promptsAtOnce({ detail }: Pick<SamBase, 'detail'>, words: readonly string[]): number {
  return detail ? Math.min(words.length, MOST_PROMPTS) : 1;
}

/**
 * A SAM with an adapter, asked by word.
 * @throws SaltError `INVALID_ARGUMENT` when the method does not fit the model or a word is empty, `CHECKPOINT_MISMATCH`,
 *   `ADAPTER_INVALID` when `start` is not what the method trains, `CANCELLED` from `factor`
 */
export async function samSubject(options: SamSubjectOptions): Promise<TrainingSubject> {
  const { base, method, imageSize, batchSize, seed, words, encoder, executor } = options;
  const { segmentedAt = imageSize, frameSize } = options;
  const promptsPerImage = promptsAtOnce(base, words);
  const sized = { imageSize, prompts: { text: true } };
  const model = samModelOf(base, { ...sized, batchSize, promptsPerImage });
  const single = samModelOf(base, { ...sized, imageSize: segmentedAt, batchSize: 1 });
  const adapter = createAdapter(method, allStages(model));
  const weights = samTensors(base, imageSize, seed);
  if (options.start) checkTrainedValues(adapter, options.start);
  const svdOf = await factorLayers(adapter, weights, options.factor);
  const embeddings = new Map<string, Float32Array>();
  for (const word of words) embeddings.set(word, await encoder.embed(word));
  return {
    identity: {
      kind: 'sam',
      base: base.weightsHash,
      method: JSON.stringify(method),
      encoder: encoder.id,
      detail: base.detail ? await weightsHash(base.detail.weights) : 'none',
      ...(options.start && { start: await weightsHash(options.start) }),
    },
    model,
    adapter,
    values: new Map([...weights, ...(await adapterTensors(adapter, svdOf, seed)), ...(options.start ?? [])]),
    input: trainedInput({ imageSize, segmentedAt, frameSize }, inputMultiple(base)),
    ...(frameSize !== undefined && { frameSize }),
    wordRole: 'prompt',
    promptsPerImage,
    embeddings,
    modelAt: () => single,
    async merge(trained) {
      const merged = await mergeWeights(weights, adapter, trained, svdOf, executor);
      return segmentedAt === imageSize ? merged : prepareSamWeights(merged, base.config, segmentedAt);
    },
  };
}
