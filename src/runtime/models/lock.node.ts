import { lock } from 'proper-lockfile';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable } from '../files.node.ts';

/** A lock whose holder has died counts as left after this long. */
const STALE_MS = 15_000;

/**
 * Does the work while no other process may work on the same path.
 * @param path of a file or folder that need not exist; its folder must
 * @throws SaltError `MODEL_BUSY` when another process holds it
 */
export async function whileLocked<T>(path: string, work: () => Promise<T>): Promise<T> {
  let release: () => Promise<void>;
  try {
    release = await lock(path, { realpath: false, stale: STALE_MS });
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ELOCKED') throw unwritable(path, cause);
    const message = `Another process is at work on ${path}. Wait until it is done, or end it.`;
    throw new SaltError('MODEL_BUSY', message, { path }, { cause });
  }
  try {
    return await work();
  } finally {
    // The folder may have been removed meanwhile.
    await release().catch(() => undefined);
  }
}
