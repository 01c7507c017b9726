import { collectedFrameSchema } from './collected-frame.ts';
import type { CollectedFrame } from './collected-frame.ts';
import type { SetStorage } from './storage.ts';

/** The stored set, but for frames that cannot be read. */
export async function readFrames(storage: SetStorage): Promise<CollectedFrame[]> {
  return (await storage.frames()).flatMap((record) => {
    const parsed = collectedFrameSchema.safeParse(record);
    if (!parsed.success) console.warn('SALT: a stored frame cannot be read and is left out', parsed.error);
    return parsed.success ? [parsed.data] : [];
  });
}
