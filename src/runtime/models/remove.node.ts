/** What belongs to a model on this disk, and its removal. */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ADAPTER_INFO_KEY } from '../../adapters/index.ts';
import { renameTensors } from '../../model/checkpoint/checkpoint-source.ts';
import { INDEX_FILE, SHARD_FILE } from '../../model/prepared/prepared-index.ts';
import {
  isPreparedIndex,
  openModelFile,
  readPreparedIndex,
} from '../../model/prepared/open-model-file.node.ts';
import { recognise } from '../../model/prepared/recognise.ts';
import type { RegisteredModel } from '../../model/registry/registry.ts';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable } from '../files.node.ts';
import { svdCacheFile } from '../svd-cache.node.ts';
import { factorKeys } from './factor-model.node.ts';
import { whileLocked } from '../lock.node.ts';

export interface Belongings {
  /** The model's own, and what was fetched of it in part. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Its decomposed weights in the cache of this machine. */
  readonly factors: readonly { readonly path: string; readonly bytes: number }[];
  /** Its folder, where it has one of its own. */
  readonly folder?: string;
}

const CHECKPOINT = /\.(?:safetensors|pth|pt|bin)$/i;

/**
 * @param path of a checkpoint, or of a prepared model's `model.json`
 * @param around `hasFolder`: whether the folder around it is the model's own; then what was fetched and prepared of the model
 *   belongs to it, and nothing else that lies there. `registered`: the model that is fetched into that folder
 * @throws SaltError `INVALID_ARGUMENT` for a file that "train" wrote
 */
export async function belongingsOf(
  path: string,
  { hasFolder, registered }: { readonly hasFolder: boolean; readonly registered?: RegisteredModel },
): Promise<Belongings> {
  if (await isTrained(path)) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${path} is what "train" wrote, not a model that was fetched or imported: delete it yourself.`,
      { path },
    );
  }
  const folder = dirname(path);
  const names = hasFolder ? await ownNames(path, registered) : [basename(path)];
  const own: string[] = [];
  for (const name of names) if (!(await isTrained(join(folder, name)))) own.push(join(folder, name));
  const files = await sized(own);
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

/** Files in the folder of a model that came with it or were made of it. */
async function ownNames(path: string, registered: RegisteredModel | undefined): Promise<string[]> {
  const there = await readdir(dirname(path));
  // A checkpoint that is named beside a prepared model: that one stays.
  if (!isPreparedIndex(path) && there.includes(INDEX_FILE)) return [basename(path)];
  const own = new Set(isPreparedIndex(path) ? await namesInIndex(path) : [basename(path)]);
  for (const { name } of registered?.files ?? []) {
    for (const ending of ['', '.part', '.part.json']) own.add(name + ending);
  }
  // Shards that no index names are left of an import that did not get to its end.
  return there.filter((name) => own.has(name) || SHARD_FILE.test(name));
}

/** The index itself, and what it says belongs to it: nothing where it is damaged. */
async function namesInIndex(path: string): Promise<string[]> {
  try {
    const { shards, files } = await readPreparedIndex(path);
    return [INDEX_FILE, ...[...shards, ...files].map(({ name }) => name)];
  } catch (error) {
    if (error instanceof SaltError) return [INDEX_FILE];
    throw error;
  }
}

/** Whether "train" wrote the file: hours of somebody's work, which no address has. */
async function isTrained(path: string): Promise<boolean> {
  if (!/\.safetensors$/i.test(path)) return false;
  try {
    const file = await openModelFile(path);
    try {
      return ADAPTER_INFO_KEY in file.source.metadata;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SaltError) return false;
    throw error;
  }
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
