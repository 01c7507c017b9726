import { openFileSource } from '../../model/checkpoint/file-source.node.ts';
import { openCheckpoint } from '../../model/checkpoint/open-checkpoint.ts';
import type { RegisteredFile } from '../../model/registry/registry.ts';
import { isFullyPublished } from '../../model/registry/registry.ts';
import { SaltError } from '../../protocol/errors.ts';
import { digestFile } from './file-digests.node.ts';
import type { FileDigests } from './file-digests.node.ts';
import { recordHash, recordPath, recordedHash } from './recorded-hashes.node.ts';

const CHECKPOINT = /\.(?:safetensors|pth|pt|bin)$/;

/** What vouches for a file: a published digest, the record of an earlier download, or, the first time, nothing yet. */
export type Vouched = 'published' | 'recorded' | 'first';

export interface Verified extends FileDigests {
  readonly by: Vouched;
}

/**
 * Compares a file with all that is known of it, and records what it is where that is not known yet.
 * @param folder of models, whose records are asked
 * @throws SaltError `HASH_MISMATCH`, `CHECKPOINT_INVALID` for what nothing vouches for and is no checkpoint, `FILE_UNREADABLE`, `CANCELLED`
 */
export async function verifyFile(
  folder: string,
  model: string,
  file: RegisteredFile,
  path: string,
  options: Parameters<typeof digestFile>[1] = {},
): Promise<Verified> {
  const found = await digestFile(path, options);
  const fail = (message: string): never => {
    throw new SaltError('HASH_MISMATCH', `${path} ${message}`, { path, found: found.sha256 });
  };
  if (file.bytes !== undefined && file.bytes !== found.bytes) {
    fail(`has ${found.bytes} bytes; the published file has ${file.bytes}.`);
  }
  for (const { algorithm, hex, source } of file.digests) {
    if (!found[algorithm].startsWith(hex)) {
      fail(`is not the published file: its ${algorithm} is ${found[algorithm]}, and not ${hex} (${source}).`);
    }
  }
  const recorded = await recordedHash(folder, model, file.name);
  if (recorded && recorded.sha256 !== found.sha256) {
    fail(
      `is not the file that came first, on ${recorded.since.slice(0, 10)}: its SHA-256 is ${found.sha256}, and not ${recorded.sha256}. ` +
        `If that one was wrong, remove ${recordPath(folder, model)}.`,
    );
  }
  if (!recorded) {
    // What nothing vouches for yet should at least be a checkpoint before it is taken for the true one, for good.
    if (!isFullyPublished(file) && CHECKPOINT.test(file.name)) await demandCheckpoint(path, file.name);
    // A folder that nobody writes to keeps no record; what is published was compared all the same.
    await recordHash(folder, model, file.name, { sha256: found.sha256, bytes: found.bytes }).catch(
      () => undefined,
    );
  }
  return { ...found, by: isFullyPublished(file) ? 'published' : recorded ? 'recorded' : 'first' };
}

async function demandCheckpoint(path: string, name: string): Promise<void> {
  const source = await openFileSource(path);
  try {
    await openCheckpoint(source, name);
  } finally {
    await source.close();
  }
}
