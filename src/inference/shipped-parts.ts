/** What models that bring no words or no detail head of their own take from the model that ships. */
import { builtInTextEncoder } from '../model/text/built-in-text.ts';
import { hashedTextEncoder } from '../model/text/hashed-text-encoder.ts';
import type { TextEncoder } from '../model/text/text-encoder.ts';
import type { SamWeights } from '../model/checkpoint/load-sam.ts';
import type { DetailHead } from '../model/detail/index.ts';
import { SaltError } from '../protocol/errors.ts';
import { withDetail, withoutDetail } from './sam-base.ts';
import type { SamBase } from './sam-base.ts';
import type { FindEncoder } from './prompt-words.ts';

/** Reads the model that ships, or gives what was read before. */
export type LoadShipped = () => Promise<Pick<SamWeights, 'detail' | 'textEncoder'>>;

/**
 * The model as it is to be trained or asked: with a detail head, its own or that of the model that ships, or without.
 * @param seed of the joints of a head that is new to the model
 * @throws SaltError `CHECKPOINT_INVALID` when the model that ships has lost its head, and what `load` throws
 */
export async function withHead(
  base: SamBase,
  wanted: boolean,
  seed: number,
  load: LoadShipped,
): Promise<SamBase> {
  if (!wanted) return withoutDetail(base);
  return base.detail ? base : withDetail(base, await shippedHead(load), seed);
}

/** @throws SaltError `CHECKPOINT_INVALID`, and what `load` throws */
export async function shippedHead(load: LoadShipped): Promise<DetailHead> {
  const { detail } = await load();
  if (detail) return detail;
  throw new SaltError('CHECKPOINT_INVALID', 'The model that ships came without its detail head.');
}

/** The text encoder that a model was trained with; for one that knows no words, that of the model that ships. */
export async function textEncoderOf(
  { config, textEncoder }: Pick<SamBase, 'config' | 'textEncoder'>,
  load: LoadShipped,
): Promise<TextEncoder> {
  const weights = textEncoder ?? (await load()).textEncoder;
  const encoder = weights && (await builtInTextEncoder(weights));
  return encoder?.dimension === config.textDim ? encoder : hashedTextEncoder(config.textDim);
}

/** Finds those encoders that need nothing but the model at hand. @param own that of the model */
export function encodersOf(own: TextEncoder): FindEncoder {
  const hashed = hashedTextEncoder(own.dimension);
  return (id) => Promise.resolve([own, hashed].find((encoder) => encoder.id === id));
}
