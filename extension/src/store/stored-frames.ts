import type { z } from 'zod';
import { collectedFrameSchema } from './collected-frame.ts';
import type { CollectedFrame } from './collected-frame.ts';
import type { SetStorage } from './storage.ts';

/** The stored set, but for frames that cannot be read. */
export async function readFrames(storage: SetStorage): Promise<readonly CollectedFrame[]> {
  return readable(await storage.frames(), collectedFrameSchema);
}

/** Stored records that are what they must be; the others are left out. */
export function readable<T>(records: readonly unknown[], schema: z.ZodType<T>): readonly T[] {
  return records.flatMap((record) => {
    const parsed = schema.safeParse(record);
    if (!parsed.success) console.warn('SALT: a stored record cannot be read and is left out', parsed.error);
    return parsed.success ? [parsed.data] : [];
  });
}
