import { statfs } from 'node:fs/promises';
import { SaltError } from '../../protocol/errors.ts';
import { formatBytes } from '../../protocol/format-bytes.ts';

/** Left for everyone else. */
const MARGIN_BYTES = 64 * 2 ** 20;

/**
 * @param folder must exist
 * @throws SaltError `FILE_UNWRITABLE` when its disk has less space than that
 */
export async function demandSpace(folder: string, bytes: number): Promise<void> {
  const disk = await statfs(folder).catch(() => undefined); // some network disks do not say
  if (!disk) return;
  const free = disk.bavail * disk.bsize;
  if (free >= bytes + MARGIN_BYTES) return;
  throw new SaltError(
    'FILE_UNWRITABLE',
    `${folder} has ${formatBytes(free)} free, and ${formatBytes(bytes)} are to come. Free some space, or name another folder in OHIF_SALT_MODELS.`,
    { path: folder, reason: 'ENOSPC', free, needed: bytes },
  );
}
