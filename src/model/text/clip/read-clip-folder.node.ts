/** A CLIP text encoder out of a folder of files as they are published on Hugging Face. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SaltError } from '../../../protocol/errors.ts';
import { openModelFile } from '../../prepared/open-model-file.node.ts';
import { INDEX_FILE } from '../../prepared/prepared-index.ts';
import { clipActivation } from './clip-config.ts';
import type { ClipActivation } from './clip-config.ts';
import { clipTokenizer } from './clip-tokenizer.ts';
import type { ClipTokenizer } from './clip-tokenizer.ts';
import { loadClipText } from './load-clip-text.ts';
import type { ClipTextWeights } from './load-clip-text.ts';

const CONFIGS = ['config.json', 'open_clip_config.json'];
/** The best first: what `models import` made, then safetensors before pickles. */
const WEIGHTS = [new RegExp(`^${INDEX_FILE}$`), /\.safetensors$/, /\.bin$/, /\.pth?$/];

const ADVICE =
  'A CLIP text encoder is read from a folder with model.safetensors (or pytorch_model.bin), config.json and ' +
  'tokenizer.json (or vocab.json and merges.txt), as in openai/clip-vit-base-patch32 on Hugging Face.';

/**
 * Reads weights, configuration and tokenizer. Of several weight files the first by name is taken, safetensors before
 * pickles.
 * @throws SaltError `FILE_UNREADABLE` saying what the folder lacks; as `openCheckpoint`, `clipActivation`,
 *   `loadClipText` and `clipTokenizer`
 */
export async function readClipFolder(
  folder: string,
): Promise<{ readonly weights: ClipTextWeights; readonly tokenizer: ClipTokenizer }> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new SaltError('FILE_UNREADABLE', `Cannot read the folder ${folder}. ${ADVICE}`, {}, { cause });
  });
  const first = (wanted: readonly string[]): string | undefined =>
    wanted.find((name) => names.includes(name));
  const file = WEIGHTS.flatMap((pattern) => names.filter((name) => pattern.test(name)).sort())[0];
  const config = first(CONFIGS);
  if (file === undefined || config === undefined) {
    throw new SaltError(
      'FILE_UNREADABLE',
      `${folder} has no ${file === undefined ? 'weights' : CONFIGS.join(' or ')}. ${ADVICE}`,
    );
  }
  const tokenizer = await readTokenizer(folder, names);
  const activation = clipActivation(await readJson(join(folder, config)));
  return { tokenizer, weights: await readWeights(join(folder, file), file, activation) };
}

async function readTokenizer(folder: string, names: readonly string[]): Promise<ClipTokenizer> {
  if (names.includes('tokenizer.json')) {
    return clipTokenizer({ tokenizerJson: await readJson(join(folder, 'tokenizer.json')) });
  }
  if (names.includes('vocab.json') && names.includes('merges.txt')) {
    const mergesText = await readFile(join(folder, 'merges.txt'), 'utf8');
    return clipTokenizer({ vocabJson: await readJson(join(folder, 'vocab.json')), mergesText });
  }
  throw new SaltError('FILE_UNREADABLE', `${folder} has no tokenizer. ${ADVICE}`);
}

async function readWeights(path: string, name: string, activation: ClipActivation): Promise<ClipTextWeights> {
  try {
    const file = await openModelFile(path, name);
    try {
      return await loadClipText(file.source, activation);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof SaltError)) throw error;
    // OpenAI's own ViT-B-32.pt is a TorchScript program.
    throw new SaltError(error.code, `${error.message} ${ADVICE}`, error.details, { cause: error });
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (cause) {
    throw new SaltError('FILE_UNREADABLE', `${path} is not valid JSON.`, { path }, { cause });
  }
}
