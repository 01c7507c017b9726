/**
 * The directory of a zip archive whose entries are stored, not compressed, as torch.save writes them. zip.js reads the
 * archive's records; an entry's own bytes are a plain range of the file, so nothing is ever inflated.
 */
// The build without workers and WASM, which only inflating would need.
import {
  ERR_EOCDR_NOT_FOUND,
  Reader,
  ZipReader,
  type FileEntry,
} from '@zip.js/zip.js/lib/zip-core-custom.js';
import { SaltError } from '../../protocol/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { invalid, quote } from './invalid.ts';

export interface ZipEntry {
  /** In bytes, as they lie in the file. */
  readonly size: number;
  /** Where in the file its own bytes start. Refuses what is compressed or encrypted. */
  readonly dataOffset: () => Promise<number>;
}

/** That of ViT-H has 40 kB. Of each 60 bytes, zip.js makes objects of some 6 kB. */
const MAX_DIRECTORY_BYTES = 2 ** 20;

/** @throws SaltError `CHECKPOINT_INVALID`, `FILE_UNREADABLE` */
export async function readZipDirectory(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  // Not `strictness: 'strict'`: it refuses the zip64 records that torch.save writes even where none is needed.
  const listed = await new ZipReader(new RecordReader(source)).getEntries().catch(damaged);
  const entries = new Map<string, ZipEntry>();
  let total = 0;
  for (const entry of listed) {
    const name = entry.filename;
    if (entries.has(name)) throw invalid(`The zip entry ${quote(name)} comes twice.`, { entry: name });
    total += entry.compressedSize;
    // Entries that shared bytes would let a small file claim to be a large one.
    if (total > source.size)
      throw invalid(`The zip entry ${quote(name)} does not fit its file.`, { entry: name });
    if (entry.directory) continue;
    let offset: Promise<number> | undefined;
    entries.set(name, {
      size: entry.compressedSize,
      dataOffset: () => (offset ??= locate(entry)),
    });
  }
  return entries;
}

async function locate(entry: FileEntry): Promise<number> {
  const { filename: name, compressionMethod, compressedSize, uncompressedSize, encrypted } = entry;
  if (compressionMethod !== 0 || encrypted || compressedSize !== uncompressedSize) {
    throw invalid(
      `The zip entry ${quote(name)} is compressed or encrypted; torch.save does neither. Load the file in PyTorch and save it again.`,
      { entry: name },
    );
  }
  // Reads and checks the entry's local header, not its data.
  await entry.getData(new WritableStream(), { checkOverlappingEntryOnly: true }).catch(damaged);
  if (!entry.localDirectory) throw invalid(`The zip entry ${quote(name)} is damaged.`, { entry: name });
  return entry.localDirectory.dataOffset;
}

/** zip.js asks it for the archive's records alone. Like every reader of zip.js, it reads short at the file's end. */
class RecordReader extends Reader<ByteSource> {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super(source);
    this.#source = source;
    this.size = source.size;
  }

  override async readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    const bytes = Math.max(0, Math.min(length, this.size - offset));
    if (bytes > MAX_DIRECTORY_BYTES)
      throw invalid(`The zip directory claims ${bytes} bytes; at most ${MAX_DIRECTORY_BYTES} are read.`);
    return bytes === 0 ? new Uint8Array() : this.#source.read(offset, bytes);
  }
}

/** zip.js throws plain errors, and lets those of DataView pass. */
function damaged(cause: unknown): never {
  if (cause instanceof SaltError) throw cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    reason === ERR_EOCDR_NOT_FOUND
      ? 'The file starts like a zip archive but has no directory at its end: it was not fetched whole.'
      : `The zip archive is damaged (${reason}).`;
  throw new SaltError('CHECKPOINT_INVALID', message, {}, { cause });
}
