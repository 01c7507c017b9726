/** A file that is being fetched: `<path>.part`, and beside it what is known of where its bytes come from. */
import { readFile, rm, stat, truncate } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../files.node.ts';

const originSchema = z.strictObject({
  url: z.string(),
  /** The server's name for this content: a strong `ETag`, or `Last-Modified`. Without one, nothing can be resumed. */
  validator: z.string().optional(),
  total: z.int().optional(),
});

export type Origin = Readonly<z.infer<typeof originSchema>>;

export interface PartialFile {
  readonly path: string;
  /** Bytes that may be kept when this URL is asked again, and what to ask with; 0 when there are none. */
  resumable(url: string): Promise<{ readonly bytes: number; readonly origin?: Origin }>;
  size(): Promise<number>;
  /** Starts with an empty file. */
  restart(origin: Origin): Promise<void>;
  /** Both files. */
  remove(): Promise<void>;
}

export function partialFile(finalPath: string): PartialFile {
  const path = `${finalPath}.part`;
  const notes = `${path}.json`;
  const size = async (): Promise<number> =>
    stat(path).then(
      (found) => found.size,
      () => 0,
    );
  return {
    path,
    size,
    async resumable(url) {
      const origin = await readOrigin(notes);
      if (origin?.url !== url || origin.validator === undefined) return { bytes: 0 };
      const bytes = await size();
      return bytes > 0 && bytes <= (origin.total ?? Infinity) ? { bytes, origin } : { bytes: 0 };
    },
    async restart(origin) {
      await truncate(path, 0).catch(() => undefined); // there may be none
      await writeFileAtomic(notes, Buffer.from(JSON.stringify(origin)));
    },
    async remove() {
      await rm(path, { force: true });
      await rm(notes, { force: true });
    },
  };
}

async function readOrigin(path: string): Promise<Origin | undefined> {
  try {
    return originSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined; // missing or damaged: the file is fetched anew
  }
}
