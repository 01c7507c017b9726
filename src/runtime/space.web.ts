import { SaltError } from '../protocol/errors.ts';
import { formatBytes } from '../protocol/format-bytes.ts';

/** @param bytes that were to be kept, where that is known */
export function noSpace(bytes: number | undefined, cause?: unknown): SaltError {
  const need = bytes === undefined ? '' : ` (${formatBytes(bytes)} are needed)`;
  return new SaltError(
    'FILE_UNWRITABLE',
    `The browser gives no more space${need}: remove adapters, models or unfinished runs that are not needed, or free some of the disk, and try again.`,
    { reason: 'ENOSPC' },
    { cause },
  );
}

/**
 * Refuses beforehand what there is plainly no space for; what browsers estimate is rough.
 * @throws SaltError `FILE_UNWRITABLE`
 */
export async function demandSpace(bytes: number): Promise<void> {
  const { storage } = navigator as { storage?: StorageManager };
  const { quota, usage } = (await storage?.estimate().catch(() => undefined)) ?? {};
  if (quota !== undefined && usage !== undefined && quota - usage < bytes) throw noSpace(bytes);
}
