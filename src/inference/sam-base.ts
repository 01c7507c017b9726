import type { FloatTensor } from '../graph/tensor.ts';
import type { BaseModel } from '../adapters/index.ts';
import { randomTextAffine } from '../model/checkpoint/random-weights.ts';
import { prepareSamWeights } from '../model/sam/index.ts';
import type { SamConfig } from '../model/sam-config.ts';

/** A SAM as it was loaded, before anything is adapted or resized. */
export interface SamBase extends BaseModel {
  readonly config: SamConfig;
  /** Under Meta's names; `weightsHash` is theirs. */
  readonly weights: ReadonlyMap<string, FloatTensor>;
  /** Present in models that were taught words before. */
  readonly textAffine?: ReadonlyMap<string, FloatTensor>;
}

/**
 * All that SAM reads at an image size, the text affine layer included: the base model's own, or one to be trained.
 * @param seed of the text affine layer's start
 */
export function samTensors(base: SamBase, imageSize: number, seed: number): Map<string, FloatTensor> {
  const { config, weights, textAffine } = base;
  return prepareSamWeights(
    new Map([...weights, ...(textAffine ?? randomTextAffine(config, seed))]),
    config,
    imageSize,
  );
}
