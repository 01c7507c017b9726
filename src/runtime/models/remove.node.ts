/** What belongs to a model on this disk, and its removal. */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { renameTensors } from '../../model/checkpoint/checkpoint-source.ts';
import { INDEX_FILE, SHARD_FILE } from '../../model/prepared/prepared-index.ts';
import { openModelFile } from '../../model/prepared/open-model-file.node.ts';
import { recognise } from '../../model/prepared/recognise.ts';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable } from '../files.node.ts';
import { svdCacheFile } from '../svd-cache.node.ts';
import { factorKeys } from './factor-model.node.ts';
import { whileLocked } from './lock.node.ts';

export interface Belongings {
  /** The model's own, and what was fetched of it in part. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Its decomposed weights in the cache of this machine. */
  readonly factors: readonly { readonly path: string; readonly bytes: number }[];
  /** Its folder, where it has one of its own. */
  readonly folder?: string;
}

/** Checkpoints, what was fetched of them in part, and what comes with them. */
const OWN =
  /^(?:model\.json|(?:open_clip_)?config\.json|tokenizer\.json|vocab\.json|merges\.txt|.*\.(?:safetensors|pth|pt|bin)(?:\.part(?:\.json)?)?)$/;
const CHECKPOINT = /\.(?:safetensors|pth|pt|bin)$/;

/**
 * @param path of a checkpoint, or of a prepared model's `model.json`
 * @param hasFolder whether the folder around it is the model's own; then all that models consist of belongs to it, and
 *   nothing else
 */
export async function belongingsOf(path: string, hasFolder: boolean): Promise<Belongings> {
  const folder = dirname(path);
  const names = hasFolder ? (await readdir(folder)).filter((name) => OWN.test(name)) : [basename(path)];
  const files = await sized(names.map((name) => join(folder, name)));
  const keys = new Set<string>();
  const models = files
    .map((file) => file.path)
    .filter(
      (file) => basename(file) === INDEX_FILE || (CHECKPOINT.test(file) && !SHARD_FILE.test(basename(file))),
    );
  for (const model of models) for (const key of await keysOf(model)) keys.add(key);
  const factors = await sized([...keys].map((key) => svdCacheFile(key)));
  return { files, factors, ...(hasFolder && { folder }) };
}

/** A damaged model, or a file that is none, has none that could be found; it can be removed all the same. */
async function keysOf(path: string): Promise<string[]> {
  try {
    const file = await openModelFile(path);
    try {
      return await factorKeys(renameTensors(file.source, recognise(file.source).tensors));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SaltError) return [];
    throw error;
  }
}

async function sized(paths: readonly string[]): Promise<{ path: string; bytes: number }[]> {
  const found: { path: string; bytes: number }[] = [];
  for (const path of paths) {
    const there = await stat(path).catch(() => undefined);
    if (there?.isFile()) found.push({ path, bytes: there.size });
  }
  return found;
}

/**
 * The index goes first, so that a model that is removed in part is none.
 * @throws SaltError `FILE_UNWRITABLE`, `MODEL_BUSY`
 */
export async function removeBelongings({ files, factors, folder }: Belongings): Promise<void> {
  const index = files.filter(({ path }) => basename(path) === INDEX_FILE);
  const remove = async (): Promise<void> => {
    for (const { path } of [...index, ...files, ...factors]) {
      await rm(path, { force: true }).catch((cause: unknown) => {
        throw unwritable(path, cause);
      });
    }
  };
  if (folder === undefined) return remove();
  await whileLocked(join(folder, INDEX_FILE), remove);
  await rmdir(folder).catch(() => undefined); // it may hold something else
}
