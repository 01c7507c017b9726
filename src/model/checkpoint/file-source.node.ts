import { open, type FileHandle } from 'node:fs/promises';
import { SaltError } from '../../protocol/errors.ts';
import { checkRange, type ByteSource } from './byte-source.ts';

/** A file on disk. Whoever opens it closes it. */
export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/** One read call of the operating system carries at most 2 GiB. */
const MAX_READ = 1 << 30;

/** @throws SaltError `FILE_UNREADABLE` when there is no such file or it may not be read */
export async function openFileSource(path: string): Promise<FileSource> {
  let file: FileHandle;
  let size: number;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('it is not a file');
    size = stat.size;
  } catch (cause) {
    await file.close();
    throw unreadable(path, cause);
  }
  return {
    size,
    async read(offset, length) {
      checkRange(size, offset, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const wanted = Math.min(length - done, MAX_READ);
        const { bytesRead } = await file.read(bytes, done, wanted, offset + done).catch((cause: unknown) => {
          throw unreadable(path, cause);
        });
        if (bytesRead === 0) throw unreadable(path, new Error('it became shorter while it was read'));
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

function unreadable(path: string, cause: unknown): SaltError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SaltError('FILE_UNREADABLE', `Cannot read ${path}: ${reason}`, { path }, { cause });
}
