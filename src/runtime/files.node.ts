import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SaltError } from '../protocol/errors.ts';

/**
 * Writes a file so that, whatever happens (a full disk, SIGKILL, a power cut), `path` holds either its old content
 * or all of the new one: into a temporary file beside it, flushed to the disk, then renamed.
 * @throws SaltError `FILE_UNWRITABLE` with what to do; the old file, if any, is untouched
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeAndFlush(temporary, bytes);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first failure is the one to report
    throw unwritable(path, cause);
  }
  await flushFolder(dirname(path));
}

async function writeAndFlush(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable where the system allows it (Windows and some network disks do not). */
async function flushFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // The file is complete either way.
  }
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'The disk is full: free some space or choose another folder.'],
  ['EDQUOT', 'Your disk quota is used up: free some space or choose another folder.'],
  ['EACCES', 'You may not write there: choose another folder or change its permissions.'],
  ['EPERM', 'You may not write there: choose another folder or change its permissions.'],
  ['EROFS', 'The disk is read-only: choose another folder.'],
  ['ENOENT', 'The folder does not exist: create it first.'],
  ['ENOTDIR', 'A part of the path is a file, not a folder: choose another path.'],
  ['EISDIR', 'There is a folder of that name: choose another name.'],
  ['EEXIST', 'There is a folder of that name: choose another name.'],
  ['ENOTEMPTY', 'There is a folder of that name: choose another name.'],
  ['ENAMETOOLONG', 'The name is too long: choose a shorter one.'],
]);

/** Also for other writers: what the system refused, and what to do about it. */
export function unwritable(path: string, cause: unknown): SaltError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = REMEDIES.get(code) ?? (cause instanceof Error ? cause.message : String(cause));
  return new SaltError(
    'FILE_UNWRITABLE',
    `Cannot write ${path}. ${reason}`,
    { path, reason: code },
    { cause },
  );
}
