import type { FactorMatrices } from '../../adapters/index.ts';
import type { Executor } from '../../graph/executor.ts';
import {
  adaptedSam,
  plainSam,
  unetAsModel,
  unetOfAdapter,
  withoutHead,
} from '../../inference/trained-model.ts';
import type { TrainedModel } from '../../inference/trained-model.ts';
import { UNET_DEFAULTS, initialUnetWeights } from '../../model/unet.ts';
import { SaltError } from '../../protocol/errors.ts';
import { withoutDetail } from '../../inference/sam-base.ts';
import { findBase } from '../models/find-base.ts';
import { loadModel, readAdapter } from '../models/load-model.ts';
import { textEncoderOf } from '../models/shipped.ts';
import { encodersAtHand } from '../models/text-encoders.ts';
import { requireModelOptions } from './fitting-options.ts';
import type { ModelRequest } from './model-request.ts';

/** @throws SaltError `INVALID_ARGUMENT` for options that the model does not have; as `loadModel`, `findBase` and `adaptedSam` do */
export async function openModel(
  request: ModelRequest,
  factor: FactorMatrices,
  executor: Executor,
): Promise<TrainedModel> {
  if (request.adapter !== undefined) {
    const file = await readAdapter(request.adapter);
    const unet = unetOfAdapter(file);
    requireModelOptions(request, unet ? 'unet' : 'adapter');
    if (unet) return unetAsModel(unet);
    const base = await findBase(file.info, request.adapter, request.model);
    const sam =
      request.detail === false ? { file: withoutHead(file), base: withoutDetail(base) } : { file, base };
    return adaptedSam(
      sam.file,
      sam.base,
      encodersAtHand(await textEncoderOf(base), executor),
      factor,
      executor,
    );
  }
  if (!request.model) throw new SaltError('INVALID_ARGUMENT', 'Give --adapter or --model.');
  const loaded = await loadModel(request.model);
  if (loaded.kind === 'unet') {
    requireModelOptions(request, 'unet');
    return loaded.trained ? unetAsModel(loaded.trained) : untrainedUnet();
  }
  const base = request.detail === false ? withoutDetail(loaded.base) : loaded.base;
  return plainSam(base, await textEncoderOf(base), request.imageSize);
}

function untrainedUnet(): TrainedModel {
  const config = UNET_DEFAULTS;
  return unetAsModel({ config, weights: initialUnetWeights(config, 1), words: [] }, false);
}
