import { stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { SaltError } from '../protocol/errors.ts';
import { unwritable } from './files.node.ts';

/** A lock whose holder has died counts as left after this long. */
const STALE_MS = 15_000;
const LOOK_AGAIN_MS = 500;

export interface LockOptions {
  /** Waits until it is clear whether a holder lives or has died, and tells so once; without it, any holder lives. */
  readonly onWait?: () => void;
  /** The lock was taken away, or over, during the work, which goes on; without it, that ends the program. */
  readonly onLost?: () => void;
}

/**
 * Does the work while no other process may work on the same path.
 * @param path of a file or folder that need not exist; its folder must
 * @throws SaltError `MODEL_BUSY` when another process holds it
 */
export async function whileLocked<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const release = await acquire(path, options);
  try {
    return await work();
  } finally {
    // The folder may have been removed meanwhile.
    await release().catch(() => undefined);
  }
}

async function acquire(path: string, { onWait, onLost }: LockOptions): Promise<() => Promise<void>> {
  const patience = performance.now() + STALE_MS + 2 * LOOK_AGAIN_MS;
  const first = await touchedAt(path);
  for (let tries = 0; ; tries++) {
    try {
      return await lock(path, {
        realpath: false,
        stale: STALE_MS,
        ...(onLost && { onCompromised: () => onLost() }),
      });
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== 'ELOCKED') throw unwritable(path, cause);
      // Whoever holds it and lives touches it every few seconds.
      const touched = await touchedAt(path);
      const lives = touched !== undefined && touched !== first;
      if (!onWait || lives || performance.now() > patience) {
        const message = `Another process is at work on ${path}. Wait until it is done, or end it.`;
        throw new SaltError('MODEL_BUSY', message, { path }, { cause });
      }
      if (tries === 0) onWait();
      await wait(LOOK_AGAIN_MS);
    }
  }
}

/** When a lock was made or touched, in ms; undefined where there is none. */
async function touchedAt(path: string): Promise<number | undefined> {
  return (await stat(`${path}.lock`).catch(() => undefined))?.mtimeMs;
}
