import { z } from 'zod';
import { STORES, parsed, reading, writing } from './database.ts';

/** Empties every store. @throws SaltError `FILE_UNWRITABLE` */
export function eraseDatabase(): Promise<void> {
  return writing(STORES, async (store) => {
    for (const name of STORES) await store(name).clear();
  });
}

const sized = z.object({ u: z.instanceof(Float32Array), vt: z.instanceof(Float32Array) });

/** What cached factorisations take, but for the singular values. */
export function svdBytes(): Promise<number> {
  return reading(async (db) => {
    let bytes = 0;
    // One after another: together they may be more than memory should hold.
    for (const key of await db.getAllKeys('svd')) {
      const entry = parsed(sized, await db.get('svd', key));
      if (entry) bytes += entry.u.byteLength + entry.vt.byteLength;
    }
    return bytes;
  });
}
