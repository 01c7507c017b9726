/** CLIP's byte-pair tokens, by Hugging Face's tokenizer for JavaScript. */
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { SaltError } from '../../../protocol/errors.ts';
import { faultsOf } from '../../../protocol/faults.ts';

/** Tokeniser files as they are published, parsed: either suffices. */
export type ClipTokenizerFiles =
  { readonly tokenizerJson: unknown } | { readonly vocabJson: unknown; readonly mergesText: string };

export interface ClipTokenizer {
  /** How many different tokens there are. */
  readonly size: number;
  /**
   * The phrase's tokens between that of its start and that of its end. A phrase too long is cut, its end kept.
   * @param context how many tokens there may be
   */
  encode(phrase: string, context: number): number[];
  /** The token after the last. */
  readonly end: number;
}

const START_TOKEN = '<|startoftext|>';
const END_TOKEN = '<|endoftext|>';

/** How words are parted before they are taken to pieces, as published in CLIP's tokenizer.json. */
const WORDS = String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;

const vocabulary = z.record(z.string(), z.int().min(0));
const tokenizerSchema = z.looseObject({
  model: z.looseObject({
    type: z.literal('BPE'),
    end_of_word_suffix: z.literal('</w>'),
    vocab: vocabulary,
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});

/** @throws SaltError `CHECKPOINT_INVALID` for files that are not CLIP's */
export function clipTokenizer(files: ClipTokenizerFiles): ClipTokenizer {
  const json = 'tokenizerJson' in files ? files.tokenizerJson : describe(files.vocabJson, files.mergesText);
  const checked = tokenizerSchema.safeParse(json);
  if (!checked.success) throw notClip('tokenizer.json', checked.error);
  const { vocab } = checked.data.model;
  const start = vocab[START_TOKEN];
  const end = vocab[END_TOKEN];
  if (start === undefined || end === undefined) throw notClip(`${START_TOKEN} or ${END_TOKEN} is missing`);
  const tokenizer = new Tokenizer(checked.data, {});
  return {
    size: Object.keys(vocab).length,
    end,
    encode(phrase, context) {
      const { ids } = tokenizer.encode(phrase, { add_special_tokens: false });
      return [start, ...ids.slice(0, context - 2), end];
    },
  };
}

/** What transformers makes of CLIP's vocab.json and merges.txt. */
function describe(vocabJson: unknown, mergesText: string): unknown {
  const vocab = vocabulary.safeParse(vocabJson);
  if (!vocab.success) throw notClip('vocab.json', vocab.error);
  const merges = mergesText
    .split(/\r?\n/)
    .filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')));
  if (!merges.every((line) => /^\S+ \S+$/.test(line))) throw notClip('merges.txt has a line that is no pair');
  const special = [START_TOKEN, END_TOKEN].map((content) => ({
    id: vocab.data[content] ?? -1,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    version: '1.0',
    added_tokens: special,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: String.raw`\s+` }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      unk_token: END_TOKEN,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      vocab: vocab.data,
      merges,
    },
  };
}

function notClip(what: string, cause?: z.ZodError): SaltError {
  const faults = (cause ? faultsOf(cause) : []).slice(0, 3);
  const details = faults.length > 0 ? ` (${faults.join('; ')})` : '';
  return new SaltError(
    'CHECKPOINT_INVALID',
    `The tokenizer is not CLIP's: ${what}${details}.`,
    {},
    { cause },
  );
}
