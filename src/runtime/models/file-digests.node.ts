import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SaltError } from '../../protocol/errors.ts';

export interface FileDigests {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly md5: string;
}

const CHUNK_BYTES = 2 ** 20;

/**
 * Reads a file once for both.
 * @param onProgress told the bytes read so far
 * @throws SaltError `FILE_UNREADABLE`, `CANCELLED`
 */
export async function digestFile(
  path: string,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((bytes: number, total: number) => void) | undefined;
  } = {},
): Promise<FileDigests> {
  const { signal, onProgress } = options;
  const hashes = { sha256: createHash('sha256'), md5: createHash('md5') };
  let bytes = 0;
  try {
    const { size } = await stat(path);
    for await (const chunk of createReadStream(path, {
      highWaterMark: CHUNK_BYTES,
    }) as AsyncIterable<Buffer>) {
      if (signal?.aborted) throw new SaltError('CANCELLED', 'Stopped.');
      hashes.sha256.update(chunk);
      hashes.md5.update(chunk);
      bytes += chunk.byteLength;
      onProgress?.(bytes, size);
    }
  } catch (cause) {
    if (cause instanceof SaltError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SaltError('FILE_UNREADABLE', `Cannot read ${path}: ${why}`, { path }, { cause });
  }
  return { bytes, sha256: hashes.sha256.digest('hex'), md5: hashes.md5.digest('hex') };
}
