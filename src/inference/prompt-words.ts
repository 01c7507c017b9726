/** What becomes of a word that an adapter is asked for. */
import type { AdapterFile } from '../adapters/index.ts';
import { normalisePhrase } from '../model/text/phrase.ts';
import type { TextEncoder } from '../model/text/text-encoder.ts';
import { listWords, notTaught } from '../protocol/answer-warning.ts';
import type { AnswerWarning } from '../protocol/answer-warning.ts';
import { SaltError } from '../protocol/errors.ts';

export interface AskedWord {
  /** [T], as the adapter's model reads it. */
  readonly embedding: Float32Array;
  readonly warning?: AnswerWarning;
}

/** The text encoder of an id, `TextEncoder.id`. */
export type FindEncoder = (id: string) => Promise<TextEncoder | undefined>;

/** What the adapter stands on. */
export interface WordsOfBase {
  readonly name: string;
  /** Whether it was taught words before the adapter was trained. */
  readonly knowsWords: boolean;
}

/**
 * The embedding with which to ask an adapter for a word. Those of its own words are in its file, so that they need no
 * text encoder. Other words are embedded by the encoder that the adapter was trained with; no other will do, since each
 * has vectors of its own.
 * @param findEncoder the encoder of an id, if it is at hand; called for words that the adapter was not trained on alone
 * @throws SaltError `INVALID_ARGUMENT` for an empty word, and for one that the adapter was not trained on when its
 *   encoder is not at hand
 */
export async function embedAskedWord(
  word: string,
  { info, embeddings }: Pick<AdapterFile, 'info' | 'embeddings'>,
  base: WordsOfBase,
  findEncoder: FindEncoder,
): Promise<AskedWord> {
  const words = info.prompts.map((prompt) => prompt.word);
  const taught = embeddings[indexOfWord(words, word)];
  if (taught) return { embedding: taught.data };
  if (normalisePhrase(word) === '') {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `Name the structure: the adapter was trained on ${listWords(words)}.`,
    );
  }
  // One encoder embeds all words of an adapter.
  const id = info.prompts[0]?.encoder ?? null;
  const encoder = id === null ? undefined : await findEncoder(id);
  if (encoder?.id !== id) throw encoderIsMissing(word, words, id);
  return {
    embedding: await encoder.embed(word),
    warning: { kind: 'not taught', word, words, base: base.name, baseKnowsWords: base.knowsWords },
  };
}

function encoderIsMissing(word: string, words: readonly string[], id: string | null): SaltError {
  const advice = id?.startsWith('clip-text/')
    ? 'fetch it with "ohif-salt models pull clip-vit-b-32"'
    : 'it comes with the model that was at hand in training';
  return new SaltError(
    'INVALID_ARGUMENT',
    `${notTaught(word, words)} Other words need the text encoder of its training (${id ?? 'unknown'}), which is not at ` +
      `hand: ${advice}, or ask for a word that the adapter was trained on.`,
    { words, encoder: id },
  );
}

/** Where a word stands in a list; case and spaces make no difference. -1 where it does not. */
export function indexOfWord(words: readonly string[], word: string): number {
  const wanted = normalisePhrase(word);
  return words.findIndex((known) => normalisePhrase(known) === wanted);
}
