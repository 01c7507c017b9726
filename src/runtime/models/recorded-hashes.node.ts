import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable, writeFileAtomic } from '../files.node.ts';

const recordSchema = z.record(
  z.string(),
  z.strictObject({
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: z.int().nonnegative(),
    /** When it was first seen, ISO 8601. */
    since: z.string(),
  }),
);

export type RecordedHash = z.infer<typeof recordSchema>[string];

/**
 * What the files of a model were when they first came, in `.hashes/<model>.json` of the models folder. It outlives the
 * files, so that a model that is removed and fetched again must still be the same.
 * @throws SaltError `FILE_UNREADABLE` for a damaged record
 */
export async function recordedHash(
  folder: string,
  model: string,
  file: string,
): Promise<RecordedHash | undefined> {
  return (await read(folder, model))[file];
}

/** Never replaces what was recorded before. @throws SaltError `FILE_UNWRITABLE`, `FILE_UNREADABLE` for a damaged record */
export async function recordHash(
  folder: string,
  model: string,
  file: string,
  hash: Omit<RecordedHash, 'since'>,
): Promise<void> {
  const known = await read(folder, model);
  if (file in known) return;
  const path = recordPath(folder, model);
  await mkdir(join(folder, '.hashes'), { recursive: true }).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
  const all = { ...known, [file]: { ...hash, since: new Date().toISOString() } };
  await writeFileAtomic(path, Buffer.from(`${JSON.stringify(all, null, 2)}\n`));
}

/** None where nothing was recorded yet: a record that cannot be read must not let another file pass for the first. */
async function read(folder: string, model: string): Promise<Readonly<Record<string, RecordedHash>>> {
  const path = recordPath(folder, model);
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    throw new SaltError(
      'FILE_UNREADABLE',
      `${path}, which says what the files of "${model}" were when they first came, cannot be read. ` +
        `Remove it to take the next that come for the first.`,
      { path },
      { cause },
    );
  }
}

export function recordPath(folder: string, model: string): string {
  return join(folder, '.hashes', `${model}.json`);
}
