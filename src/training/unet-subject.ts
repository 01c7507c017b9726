import { createAdapter, parseMethod } from '../adapters/index.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { weightsHash } from '../model/checkpoint/weights-hash.ts';
import { allStages } from '../model/segmentation-model.ts';
import { initialUnetWeights, unetModel, unetMultiple } from '../model/unet.ts';
import type { UnetConfig } from '../model/unet.ts';
import type { TrainingSubject } from './job.ts';

export interface UnetSubjectOptions {
  readonly config: UnetConfig;
  /** Side of the square crops in pixels, a multiple of 2^poolings. */
  readonly imageSize: number;
  readonly batchSize: number;
  readonly seed: number;
  /** To start from instead of random weights, e.g. those of a U-Net that was trained before. */
  readonly weights?: ReadonlyMap<string, FloatTensor>;
}

/**
 * A U-Net, all of it trained, with an output for each word; it sees frames at their own resolution.
 * @throws SaltError `INVALID_ARGUMENT` when the crops cannot be halved as often as the network does
 */
export async function unetSubject(options: UnetSubjectOptions): Promise<TrainingSubject> {
  const { config, imageSize, batchSize, seed } = options;
  const model = unetModel(config, { batchSize, imageSize });
  const values = options.weights ?? initialUnetWeights(config, seed);
  return {
    identity: { kind: 'unet', config: JSON.stringify(config), start: await weightsHash(values) },
    model,
    adapter: createAdapter(parseMethod({ method: 'full' }), allStages(model)),
    values,
    input: { framing: 'native', multiple: unetMultiple(config) },
    wordRole: 'output',
    modelAt: (size) => unetModel(config, { batchSize: 1, imageSize: size }),
    merge: (trained) => Promise.resolve(new Map([...values, ...trained])),
  };
}
