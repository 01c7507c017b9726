import { mkdir, open, readFile, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SaltError } from '../protocol/errors.ts';
import type { CheckpointStore } from './checkpoint-store.ts';

/**
 * Keeps the last two checkpoints, `path` and `path.previous`. A new one is written aside, flushed to the disk and
 * renamed into place, so that a kill or a power cut at any moment leaves at least one whole.
 */
export function fileCheckpointStore(path: string): CheckpointStore {
  const previous = `${path}.previous`;
  const unfinished = `${path}.unfinished`;
  return {
    async load(isIntact, warn) {
      for (const [file, next] of [
        [path, 'the one before is used'],
        [previous, 'the run starts anew'],
      ] as const) {
        const bytes = await readIfPresent(file);
        if (!bytes) continue;
        if (isIntact(bytes)) return bytes;
        warn({ message: `The checkpoint ${file} is damaged: ${next}.` });
      }
      return undefined;
    },
    async save(bytes) {
      try {
        await mkdir(dirname(path), { recursive: true });
        await withFile(unfinished, 'w', async (file) => {
          await file.writeFile(bytes);
          await file.sync();
        });
        await renameIfPresent(path, previous);
        await rename(unfinished, path);
        await syncFolder(dirname(path));
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new SaltError(
          'FILE_UNWRITABLE',
          `The checkpoint ${path} could not be written: ${why}. See that its disk has room and that you may write there.`,
          {},
          { cause },
        );
      }
    },
  };
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new SaltError('FILE_UNREADABLE', `The checkpoint ${path} could not be read.`, {}, { cause });
  }
}

async function renameIfPresent(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** The renames themselves must reach the disk; Windows does it by itself and refuses to open folders. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await withFile(path, 'r', (folder) => folder.sync());
}

async function withFile(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
