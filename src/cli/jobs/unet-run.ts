import { parseMethod } from '../../adapters/index.ts';
import { UNET_DEFAULTS, unetConfigSchema } from '../../model/unet.ts';
import type { UnetConfig } from '../../model/unet.ts';
import { SaltError } from '../../protocol/errors.ts';
import type { Opened } from '../../runtime/open.ts';
import { UNET_PRESET, unetCropSide } from '../../training/presets.ts';
import type { TrainingSample } from '../../training/training-sample.ts';
import { unetSubject } from '../../training/unet-subject.ts';
import type { LoadedModel, TrainedUnet } from '../models/load-model.ts';
import type { PreparedRun } from './sam-run.ts';
import { settingsOf } from './train-settings.ts';
import type { TrainRequest } from './train-request.ts';

/** A network that knows vessels already is changed more gently. */
const FINE_TUNING_RATE = 1e-3;

export interface UnetRunOptions {
  readonly request: TrainRequest;
  readonly model: LoadedModel & { readonly kind: 'unet' };
  readonly samples: readonly TrainingSample[];
  open(arena: boolean): Promise<Opened>;
}

/** Sets up a U-Net, from scratch or from one that was trained before. */
export async function prepareUnetRun(options: UnetRunOptions): Promise<PreparedRun> {
  const { request, samples } = options;
  const { name, trained } = options.model;
  const { words } = request.data;
  const method = parseMethod(request.method ?? { method: 'full' });
  if (method.method !== 'full') {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `A U-Net has no base weights to adapt with "${method.method}": it trains in full. Leave --method out.`,
    );
  }
  const config = trained ? sameOutputs(trained, words, name) : configOf(request, words);
  const imageSize = request.imageSize ?? unetCropSide(config.poolings, await longestSide(samples));
  const settings = settingsOf(request, UNET_PRESET, trained ? { learningRate: FINE_TUNING_RATE } : {});
  const subject = await unetSubject({
    config,
    imageSize,
    batchSize: request.batchSize ?? UNET_PRESET.batchSize,
    seed: settings.seed,
    ...(trained && { weights: trained.weights }),
  });
  return {
    subject,
    settings,
    opened: await options.open(true),
    description: {
      model: { kind: 'unet', name, config },
      method,
      seed: settings.seed,
      imageSize,
      normalisation: 'field-of-view',
      prompts: words.map((word) => ({ word, encoder: null })),
    },
  };
}

function configOf({ unet }: TrainRequest, words: readonly string[]): UnetConfig {
  return unetConfigSchema.parse({ ...UNET_DEFAULTS, ...unet, outputs: words.length });
}

function sameOutputs(
  { config, words: known }: TrainedUnet,
  words: readonly string[],
  name: string,
): UnetConfig {
  if (config.outputs === words.length) return config;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `${name} has ${config.outputs} output(s) (${known.join(', ')}); ${words.length} word(s) were asked for with --prompt.`,
  );
}

/** Of the first frame, in pixels: the frames of a data set are much alike. */
async function longestSide([first]: readonly TrainingSample[]): Promise<number> {
  if (!first) throw new SaltError('DATASET_INVALID', 'There is no frame to train on.');
  const { width, height } = await first.loadFrame();
  return Math.max(width, height);
}
