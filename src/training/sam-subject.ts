import { adapterTensors, createAdapter, factorLayers, mergeWeights } from '../adapters/index.ts';
import type { FactorMatrices, MethodConfig } from '../adapters/index.ts';
import type { Executor } from '../graph/executor.ts';
import { samModelOf, samTensors } from '../inference/sam-base.ts';
import type { SamBase } from '../inference/sam-base.ts';
import { weightsHash } from '../model/checkpoint/weights-hash.ts';
import { allStages } from '../model/segmentation-model.ts';
import type { TextEncoder } from '../model/text/text-encoder.ts';
import type { TrainingSubject } from './job.ts';

export interface SamSubjectOptions {
  readonly base: SamBase;
  readonly method: MethodConfig;
  /** Side of the square input in pixels. */
  readonly imageSize: number;
  readonly batchSize: number;
  /** Of the adapter's and the text affine layer's start. */
  readonly seed: number;
  readonly words: readonly string[];
  readonly encoder: TextEncoder;
  /** Asked once, for the layers that the method treats by their singular values. */
  readonly factor: FactorMatrices;
  /** Where weights are merged for the evaluations. */
  readonly executor: Executor;
}

/**
 * A SAM with an adapter, asked by word.
 * @throws SaltError `INVALID_ARGUMENT` when the method does not fit the model or a word is empty, `CHECKPOINT_MISMATCH`,
 *   `CANCELLED` from `factor`
 */
export async function samSubject(options: SamSubjectOptions): Promise<TrainingSubject> {
  const { base, method, imageSize, batchSize, seed, words, encoder, executor } = options;
  const modelOf = (batch: number) =>
    samModelOf(base, { batchSize: batch, imageSize, prompts: { text: true } });
  const model = modelOf(batchSize);
  const single = modelOf(1);
  const adapter = createAdapter(method, allStages(model));
  const weights = samTensors(base, imageSize, seed);
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
    },
    model,
    adapter,
    values: new Map([...weights, ...(await adapterTensors(adapter, svdOf, seed))]),
    input: { framing: 'square', side: imageSize },
    wordRole: 'prompt',
    embeddings,
    modelAt: () => single,
    merge: (trained) => mergeWeights(weights, adapter, trained, svdOf, executor),
  };
}
