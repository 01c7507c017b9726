/**
 * Bytes that need not be in memory: a checkpoint of several GB is read piece by piece, from a file (see
 * `file-source.node.ts`), a browser Blob or an array.
 */
import { SaltError } from '../../protocol/errors.ts';

export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`. The result may be a view of the source's own memory: do not write.
   * @throws SaltError `FILE_UNREADABLE` outside the source, or when the medium fails
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Reads give views, not copies. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    async read(offset, length) {
      checkRange(bytes.byteLength, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async read(offset, length) {
      checkRange(blob.size, offset, length);
      let buffer: ArrayBuffer;
      try {
        buffer = await blob.slice(offset, offset + length).arrayBuffer();
      } catch (cause) {
        throw new SaltError(
          'FILE_UNREADABLE',
          'The browser could not read the file; choose it again.',
          {},
          { cause },
        );
      }
      return new Uint8Array(buffer);
    },
  };
}

/** @throws SaltError `FILE_UNREADABLE` unless `offset` and `length` lie within `size` */
export function checkRange(size: number, offset: number, length: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!whole || offset < 0 || length < 0 || offset > size - length) {
    throw new SaltError(
      'FILE_UNREADABLE',
      `The file ends at byte ${size}; bytes ${offset} to ${offset + length} were asked for.`,
      {
        size,
        offset,
        length,
      },
    );
  }
}
