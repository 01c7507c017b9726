import type { FactorMatrices } from '../../adapters/index.ts';
import type { Executor } from '../../graph/executor.ts';
import { adaptedSam, plainSam, unetOf } from '../../inference/trained-model.ts';
import type { TrainedModel } from '../../inference/trained-model.ts';
import type { Flips } from '../../inference/mirror.ts';
import { hashedTextEncoder } from '../../model/text/hashed-text-encoder.ts';
import { UNET_DEFAULTS, initialUnetWeights } from '../../model/unet.ts';
import { SaltError } from '../../protocol/errors.ts';
import { samSide } from '../../training/presets.ts';
import { findBase } from '../models/find-base.ts';
import { loadModel, readAdapter } from '../models/load-model.ts';
import type { ModelSource } from '../models/model-source.ts';

/** An adapter, with its base model where that must be named, or a model as it is. Plain data. */
export interface ModelRequest {
  readonly adapter?: string;
  readonly model?: ModelSource;
  /** Of a SAM as it is; an adapter has its own. */
  readonly imageSize?: number;
}

export interface OpenedModel {
  readonly trained: TrainedModel;
  /** To average over by default: what trained with every orientation gains by it. */
  readonly flips: Flips;
}

/** @throws SaltError as `loadModel`, `findBase` and `adaptedSam` do */
export async function openModel(
  request: ModelRequest,
  factor: FactorMatrices,
  executor: Executor,
): Promise<OpenedModel> {
  if (request.adapter !== undefined) {
    const file = await readAdapter(request.adapter);
    const { model, prompts } = file.info;
    if (model.kind === 'unet') {
      const words = prompts.map(({ word }) => word);
      return { trained: unetOf(model.config, file.values, words), flips: 4 };
    }
    const base = await findBase(file.info, request.adapter, request.model);
    const encoder = hashedTextEncoder(base.config.textDim);
    return { trained: await adaptedSam(file, base, encoder, factor, executor), flips: 1 };
  }
  if (!request.model) throw new SaltError('INVALID_ARGUMENT', 'Give --adapter or --model.');
  const loaded = await loadModel(request.model);
  if (loaded.kind === 'sam') {
    const { config } = loaded.base;
    const side = request.imageSize ?? samSide(config.imageSize);
    return { trained: plainSam(loaded.base, side, hashedTextEncoder(config.textDim)), flips: 1 };
  }
  const { trained } = loaded;
  if (trained) return { trained: unetOf(trained.config, trained.weights, trained.words), flips: 4 };
  return {
    trained: unetOf(UNET_DEFAULTS, initialUnetWeights(UNET_DEFAULTS, 1), undefined),
    flips: 4,
  };
}
