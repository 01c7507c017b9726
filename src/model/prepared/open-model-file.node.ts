import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CheckpointSource } from '../checkpoint/checkpoint-source.ts';
import { openFileSource } from '../checkpoint/file-source.node.ts';
import type { FileSource } from '../checkpoint/file-source.node.ts';
import { openCheckpoint } from '../checkpoint/open-checkpoint.ts';
import { openPrepared } from './open-prepared.ts';
import { INDEX_FILE, parsePreparedIndex } from './prepared-index.ts';
import type { PreparedIndex } from './prepared-index.ts';
import { SaltError } from '../../protocol/errors.ts';

/** A checkpoint on disk. Whoever opens it closes it. */
export interface ModelFile {
  readonly source: CheckpointSource;
  /** Of a prepared model. */
  readonly index?: PreparedIndex;
  close(): Promise<void>;
}

/** Whether a path is that of a prepared model: its `model.json`. */
export function isPreparedIndex(path: string): boolean {
  return basename(path) === INDEX_FILE;
}

/**
 * @param path of a checkpoint, or of the `model.json` of a prepared model
 * @throws SaltError `FILE_UNREADABLE`, `CHECKPOINT_INVALID`, `CHECKPOINT_REFUSED`
 */
export async function openModelFile(path: string, name = basename(path)): Promise<ModelFile> {
  if (isPreparedIndex(path)) return openIndexed(path);
  const file = await openFileSource(path);
  try {
    return { source: await openCheckpoint(file, name), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openIndexed(path: string): Promise<ModelFile & { readonly index: PreparedIndex }> {
  const index = await readPreparedIndex(path);
  const opened: FileSource[] = [];
  const source = openPrepared(index, async ({ name }) => {
    const shard = await openFileSource(join(dirname(path), name));
    opened.push(shard);
    return shard;
  });
  return {
    source,
    index,
    async close() {
      for (const shard of opened.splice(0)) await shard.close();
    },
  };
}

/** @throws SaltError `FILE_UNREADABLE`, `CHECKPOINT_INVALID` */
export async function readPreparedIndex(path: string): Promise<PreparedIndex> {
  const json = await readFile(path, 'utf8').catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SaltError('FILE_UNREADABLE', `Cannot read ${path}: ${why}`, { path }, { cause });
  });
  return parsePreparedIndex(json, path);
}
