import { parseMethod } from '../adapters/index.ts';
import type { TrainedUnet } from '../inference/trained-model.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { unetOfHead } from '../model/detail/index.ts';
import type { DetailHead } from '../model/detail/index.ts';
import { UNET_DEFAULTS, unetConfigSchema, unetMultiple } from '../model/unet.ts';
import type { UnetConfig } from '../model/unet.ts';
import { SaltError } from '../protocol/errors.ts';
import type { OpenExecutor, PreparedRun } from './prepared-run.ts';
import { UNET_PRESET, unetCropSide } from './presets.ts';
import { settingsOf } from './run-choices.ts';
import type { RunChoices } from './run-choices.ts';
import { firstFrame } from './training-sample.ts';
import type { TrainingSample } from './training-sample.ts';
import { unetSubject } from './unet-subject.ts';

/** A network that knows vessels already is changed more gently. */
const FINE_TUNING_RATE = 1e-3;

export interface UnetRunOptions {
  readonly choices: RunChoices;
  /** As the adapter file will name it. */
  readonly name: string;
  /** To go on from; without, it starts from scratch. */
  readonly trained?: TrainedUnet;
  /** To start from what a detail head has learnt to see. */
  readonly head?: DetailHead;
  /** To see how large crops can be. */
  readonly samples: readonly TrainingSample[];
  readonly open: OpenExecutor;
}

/**
 * Sets up a U-Net, from scratch or from one that was trained before.
 * @throws SaltError `INVALID_ARGUMENT`, `DATASET_INVALID` without samples, and what loading a frame throws
 */
export async function prepareUnetRun(options: UnetRunOptions): Promise<PreparedRun> {
  const { choices, name, trained, samples } = options;
  const { words } = choices;
  const method = parseMethod(choices.method ?? { method: 'full' });
  if (method.method !== 'full') {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `A U-Net has no base weights to adapt with "${method.method}": it trains in full. Leave --method out.`,
    );
  }
  const start = startOf(options, words.length);
  const { config } = start;
  if (trained) requireSameOutputs(trained, words, name);
  const { width, height } = await firstFrame(samples);
  const imageSize = choices.imageSize ?? unetCropSide(unetMultiple(config), Math.max(width, height));
  const settings = settingsOf(choices, UNET_PRESET, start.weights ? { learningRate: FINE_TUNING_RATE } : {});
  const subject = await unetSubject({
    config,
    imageSize,
    batchSize: choices.batchSize ?? UNET_PRESET.batchSize,
    seed: settings.seed,
    ...(start.weights && { weights: start.weights }),
  });
  return {
    subject,
    settings,
    executor: await options.open(true),
    notes: [],
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

/** Weights only where there is something to go on from. */
function startOf(
  { choices, trained, head }: UnetRunOptions,
  outputs: number,
): { readonly config: UnetConfig; readonly weights?: ReadonlyMap<string, FloatTensor> } {
  if (trained) return trained;
  if (head) return unetOfHead(head, outputs, choices.seed);
  return { config: unetConfigSchema.parse({ ...UNET_DEFAULTS, ...choices.unet, outputs }) };
}

function requireSameOutputs(
  { config, words: known }: TrainedUnet,
  words: readonly string[],
  name: string,
): void {
  if (config.outputs === words.length) return;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `${name} has ${config.outputs} output(s) (${known.join(', ')}); ${words.length} word(s) were asked for.`,
  );
}
