/**
 * The directory of a zip archive whose entries are stored, not compressed, as torch.save writes them. Entries are
 * read on demand, each a plain range of the file, so nothing is ever inflated (PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16).
 */
import type { ByteSource } from './byte-source.ts';
import { invalid, quote } from './invalid.ts';

export interface ZipEntry {
  /** In bytes, as they lie in the file. */
  readonly size: number;
  /** Neither compressed nor encrypted. */
  readonly plain: boolean;
  readonly headerOffset: number;
}

export interface ZipDirectory {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Where in the file an entry's own bytes start. Refuses entries that are not plain. */
  dataOffset(name: string): Promise<number>;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const MAX_COMMENT = 0xffff;

/** @throws SaltError `CHECKPOINT_INVALID`, `FILE_UNREADABLE` */
export async function readZipDirectory(source: ByteSource): Promise<ZipDirectory> {
  const end = await readEnd(source);
  const entries = readEntries(await source.read(end.directoryOffset, end.directorySize), end);
  let total = 0;
  for (const [name, { size, headerOffset }] of entries) {
    total += size;
    // Entries that shared bytes would let a small file claim to be a large one.
    if (headerOffset + LOCAL_BYTES + size > end.directoryOffset || total > source.size) {
      throw invalid(`The zip entry ${quote(name)} does not fit its file.`, { entry: name });
    }
  }
  return {
    entries,
    async dataOffset(name) {
      const entry = entries.get(name);
      if (!entry) throw invalid(`The file holds no entry ${quote(name)}.`, { entry: name });
      if (!entry.plain) {
        throw invalid(
          `The zip entry ${quote(name)} is compressed or encrypted; torch.save does neither. Load the file in PyTorch and save it again.`,
          { entry: name },
        );
      }
      const header = viewOf(await source.read(entry.headerOffset, LOCAL_BYTES));
      const offset =
        entry.headerOffset + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
      if (header.getUint32(0, true) !== LOCAL_SIGNATURE || offset + entry.size > end.directoryOffset) {
        throw invalid(`The zip entry ${quote(name)} is damaged.`, { entry: name });
      }
      return offset;
    },
  };
}

interface DirectoryEnd {
  readonly count: number;
  readonly directoryOffset: number;
  readonly directorySize: number;
}

async function readEnd(source: ByteSource): Promise<DirectoryEnd> {
  const tailSize = Math.min(source.size, END_BYTES + MAX_COMMENT);
  const tailOffset = source.size - tailSize;
  const tail = viewOf(await source.read(tailOffset, tailSize));
  for (let at = tailSize - END_BYTES; at >= 0; at -= 1) {
    const isEnd =
      tail.getUint32(at, true) === END_SIGNATURE &&
      at + END_BYTES + tail.getUint16(at + 20, true) === tailSize;
    if (!isEnd) continue;
    const count = tail.getUint16(at + 10, true);
    const directorySize = tail.getUint32(at + 12, true);
    const directoryOffset = tail.getUint32(at + 16, true);
    if (count === 0xffff || directorySize === 0xffffffff || directoryOffset === 0xffffffff) {
      throw invalid(
        'The file is a zip archive of more than 4 GB or 65,535 entries. Save the model alone, without optimiser state, or as safetensors.',
      );
    }
    if (directoryOffset + directorySize > tailOffset + at) break;
    return { count, directoryOffset, directorySize };
  }
  throw invalid(
    'The file starts like a zip archive but has no directory at its end: it was not fetched whole.',
  );
}

function readEntries(directory: Uint8Array, end: DirectoryEnd): Map<string, ZipEntry> {
  const view = viewOf(directory);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < end.count; index += 1) {
    if (at + CENTRAL_BYTES > directory.byteLength || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      throw invalid(`The zip directory is damaged at entry ${index}.`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const next =
      at + CENTRAL_BYTES + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > directory.byteLength) throw invalid(`The zip directory is damaged at entry ${index}.`);
    const name = decodeName(directory.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength), index);
    const size = view.getUint32(at + 20, true);
    const encrypted = (view.getUint16(at + 8, true) & 1) === 1;
    const plain = !encrypted && view.getUint16(at + 10, true) === 0 && view.getUint32(at + 24, true) === size;
    if (entries.has(name)) throw invalid(`The zip entry ${quote(name)} comes twice.`, { entry: name });
    entries.set(name, { size, plain, headerOffset: view.getUint32(at + 42, true) });
    at = next;
  }
  return entries;
}

function decodeName(bytes: Uint8Array, index: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(`The name of zip entry ${index} is not valid UTF-8.`);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
