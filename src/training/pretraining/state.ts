/** Everything that a pretraining run needs to go on, as one safetensors file. */
import { z } from 'zod';
import { floatTensor } from '../../graph/tensor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import { parseSafetensors } from '../../model/checkpoint/safetensors.ts';
import { encodeSafetensors } from '../../model/checkpoint/safetensors-writer.ts';
import { SaltError } from '../../protocol/errors.ts';
import { pretrainingScoreSchema } from './evaluation.ts';
import { pretrainingSettingsSchema } from './settings.ts';

const FORMAT = 'ohif-salt-pretraining/1';

const progressSchema = z.strictObject({
  settings: pretrainingSettingsSchema,
  /** Steps done. */
  step: z.int().min(0),
  /** Of training so far, over all resumptions. */
  elapsedSeconds: z.number().min(0),
  history: z.array(z.strictObject({ step: z.int(), loss: z.number(), score: pretrainingScoreSchema })),
});

export type PretrainingProgress = z.infer<typeof progressSchema>;

/** Vectors have one entry for each segment of the plan. */
export interface PretrainingState extends PretrainingProgress {
  readonly parameters: readonly FloatTensor[];
  readonly first: readonly FloatTensor[];
  readonly second: readonly FloatTensor[];
}

const VECTORS = ['parameters', 'first', 'second'] as const;

/** @throws SaltError `NOT_FINITE` */
export function encodePretrainingState(state: PretrainingState): Uint8Array<ArrayBuffer> {
  const { parameters, first, second, ...progress } = state;
  const vectors = { parameters, first, second };
  const tensors = VECTORS.flatMap((name) =>
    vectors[name].map((vector, i) => [`${name}.${i}`, vector] as const),
  );
  return encodeSafetensors(new Map(tensors), {
    format: FORMAT,
    progress: JSON.stringify(progressSchema.parse(progress)),
  });
}

/** @throws SaltError `CHECKPOINT_INVALID` when it is no pretraining state */
export function decodePretrainingState(bytes: Uint8Array): PretrainingState {
  const file = parseSafetensors(bytes);
  const progress = progressSchema.safeParse(parseJson(file.metadata['progress']));
  if (file.metadata['format'] !== FORMAT || !progress.success) {
    throw new SaltError('CHECKPOINT_INVALID', `This is not a checkpoint of format ${FORMAT}.`);
  }
  const vectors = (name: string): FloatTensor[] => {
    const found: FloatTensor[] = [];
    while (file.has(`${name}.${found.length}`)) {
      const { shape, data } = file.float32(`${name}.${found.length}`);
      // A copy: the file's bytes can then be let go.
      found.push(floatTensor(shape, data.slice()));
    }
    return found;
  };
  return {
    ...progress.data,
    parameters: vectors('parameters'),
    first: vectors('first'),
    second: vectors('second'),
  };
}

export function isPretrainingState(bytes: Uint8Array): boolean {
  try {
    return parseSafetensors(bytes).metadata['format'] === FORMAT;
  } catch {
    return false;
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
