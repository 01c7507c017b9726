import { fileURLToPath } from 'node:url';
import type { SamBase } from '../../inference/sam-base.ts';
import { withDetail, withoutDetail } from '../../inference/sam-base.ts';
import { openFileSource } from '../../model/checkpoint/file-source.node.ts';
import { loadSamWeights } from '../../model/checkpoint/load-sam.ts';
import type { SamWeights } from '../../model/checkpoint/load-sam.ts';
import { openCheckpoint } from '../../model/checkpoint/open-checkpoint.ts';
import type { DetailHead } from '../../model/detail/index.ts';
import { builtInTextEncoder } from '../../model/text/built-in-text.ts';
import { hashedTextEncoder } from '../../model/text/hashed-text-encoder.ts';
import type { TextEncoder } from '../../model/text/text-encoder.ts';
import { SaltError } from '../../protocol/errors.ts';

/** The model that comes with the program. */
export const SHIPPED_NAME = 'salt-tiny';
export const SHIPPED_PATH = fileURLToPath(
  new URL('../../../models/salt-tiny/salt-tiny.safetensors', import.meta.url),
);

/**
 * The model as it is to be trained or asked: with a detail head, its own or that of the model that ships, or without.
 * @param seed of the joints of a head that is new to the model
 * @throws SaltError as `loadSamWeights` does when the shipped file is damaged
 */
export async function withHead(base: SamBase, wanted: boolean, seed: number): Promise<SamBase> {
  if (!wanted) return withoutDetail(base);
  return base.detail ? base : withDetail(base, await shippedHead(), seed);
}

/** @throws SaltError as `loadSamWeights` does when the shipped file is damaged */
export async function shippedHead(): Promise<DetailHead> {
  const { detail } = await shippedModel();
  if (detail) return detail;
  throw new SaltError('CHECKPOINT_INVALID', `${SHIPPED_NAME} came without its detail head.`);
}

/** The text encoder that a model was trained with; for one that knows no words, that of the model that ships. */
export async function textEncoderOf({ config, textEncoder }: SamBase): Promise<TextEncoder> {
  const weights = textEncoder ?? (await shippedModel()).textEncoder;
  const encoder = weights && (await builtInTextEncoder(weights));
  return encoder?.dimension === config.textDim ? encoder : hashedTextEncoder(config.textDim);
}

let shipped: Promise<SamWeights> | undefined;

function shippedModel(): Promise<SamWeights> {
  shipped ??= loadShipped();
  return shipped;
}

async function loadShipped(): Promise<SamWeights> {
  const file = await openFileSource(SHIPPED_PATH);
  try {
    return await loadSamWeights(await openCheckpoint(file, SHIPPED_NAME));
  } finally {
    await file.close();
  }
}
