/** Everything that a pretraining run needs to go on, as one safetensors file. */
import { z } from 'zod';
import { floatTensor } from '../../graph/tensor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import { parseSafetensors } from '../../model/checkpoint/safetensors.ts';
import { encodeSafetensors } from '../../model/checkpoint/safetensors-writer.ts';
import { SaltError } from '../../protocol/errors.ts';
import { pretrainingScoreSchema } from './evaluation.ts';
import type { NamedState } from './named-state.ts';
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

export interface PretrainingState extends PretrainingProgress, NamedState {}

const PARTS = ['values', 'first', 'second'] as const;

/** @throws SaltError `NOT_FINITE` */
export function encodePretrainingState(state: PretrainingState): Uint8Array<ArrayBuffer> {
  const { values, first, second, ...progress } = state;
  const parts = { values, first, second };
  const tensors = PARTS.flatMap((part) =>
    [...parts[part]].map(([name, value]) => [`${part}/${name}`, value] as const),
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
  const part = (name: (typeof PARTS)[number]): Map<string, FloatTensor> => {
    const prefix = `${name}/`;
    const own = file.names.filter((tensor) => tensor.startsWith(prefix));
    // Copies: the file's bytes can then be let go.
    return new Map(
      own.map((tensor) => {
        const { shape, data } = file.float32(tensor);
        return [tensor.slice(prefix.length), floatTensor(shape, data.slice())];
      }),
    );
  };
  return { ...progress.data, values: part('values'), first: part('first'), second: part('second') };
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
