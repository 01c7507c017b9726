/**
 * The header of a safetensors file, read as strictly as the reference implementation reads it and a little more
 * (https://github.com/huggingface/safetensors, "Format"): 8 bytes of header length N, little-endian; N bytes of
 * JSON; then the tensors' bytes, which the header must cover exactly.
 *
 * JSON.parse would hide duplicate keys and round large integers, so the header's small grammar is read here.
 */
import { byteLengthOf, isStoredDType, type TensorInfo } from './dtypes.ts';
import { HeaderCursor } from './header-cursor.ts';
import { invalid, quote } from './invalid.ts';

/** Where a tensor lies, in bytes from the start of the file. */
export interface StoredTensor extends TensorInfo {
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** The reference implementation's limit. */
export const MAX_HEADER_BYTES = 100_000_000;
/** Bytes before the header. */
export const LENGTH_BYTES = 8;

/**
 * The header's length N.
 * @param start the file's first 8 bytes
 * @param fileSize in bytes
 * @throws SaltError `CHECKPOINT_INVALID` when no header of that length can be there
 */
export function headerLength(start: Uint8Array, fileSize: number): number {
  if (fileSize < LENGTH_BYTES + 2)
    throw invalid(`A safetensors file cannot be as short as ${fileSize} bytes.`);
  const view = new DataView(start.buffer, start.byteOffset, LENGTH_BYTES);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 0x100000000;
  if (length > MAX_HEADER_BYTES) {
    throw invalid(`The safetensors header claims ${length} bytes; the format allows ${MAX_HEADER_BYTES}.`, {
      length,
    });
  }
  if (length > fileSize - LENGTH_BYTES) {
    throw invalid(
      `The safetensors header claims ${length} bytes, but the file has ${fileSize} in all: it is damaged or was not fetched whole.`,
      { length, fileSize },
    );
  }
  return length;
}

/**
 * @param header the N bytes after the length
 * @throws SaltError `CHECKPOINT_INVALID` naming the first rule that is broken
 */
export function parseHeader(header: Uint8Array, fileSize: number): SafetensorsHeader {
  if (header[0] !== 0x7b) throw invalid('The safetensors header does not start with "{".');
  const cursor = new HeaderCursor(decodeUtf8(header));
  const dataStart = LENGTH_BYTES + header.byteLength;
  const tensors = new Map<string, StoredTensor>();
  let metadata: Readonly<Record<string, string>> = {};
  cursor.object('the safetensors header', (key) => {
    if (key === '__metadata__') metadata = readMetadata(cursor);
    else tensors.set(key, readTensor(cursor, key, dataStart, fileSize));
  });
  cursor.end();
  checkCoverage(tensors, dataStart, fileSize);
  return { metadata, tensors };
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid('The safetensors header is not valid UTF-8.');
  }
}

function readMetadata(cursor: HeaderCursor): Readonly<Record<string, string>> {
  const entries: [string, string][] = [];
  cursor.object('__metadata__', (key) =>
    entries.push([key, cursor.string(`the value of __metadata__ ${quote(key)}`)]),
  );
  return Object.fromEntries(entries);
}

function readTensor(cursor: HeaderCursor, name: string, dataStart: number, fileSize: number): StoredTensor {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  cursor.object(`tensor ${quote(name)}`, (key) => {
    if (key === 'dtype') dtype = cursor.string('dtype');
    else if (key === 'shape') shape = cursor.integers('shape');
    else if (key === 'data_offsets') offsets = cursor.integers('data_offsets');
    else throw invalid(`Tensor ${quote(name)} has an unknown field ${quote(key)}.`, { tensor: name });
  });
  const [first, last] = offsets ?? [];
  if (dtype === undefined || !shape || offsets?.length !== 2 || first === undefined || last === undefined) {
    throw invalid(`Tensor ${quote(name)} needs dtype, shape and two data_offsets.`, { tensor: name });
  }
  if (!isStoredDType(dtype)) {
    throw invalid(`Tensor ${quote(name)} has the unknown dtype ${quote(dtype)}.`, { tensor: name, dtype });
  }
  if (first > last || last > fileSize - dataStart) {
    throw invalid(`Tensor ${quote(name)} claims bytes ${first} to ${last}, which the file does not have.`, {
      tensor: name,
    });
  }
  const bytes = byteLengthOf(name, { dtype, shape });
  if (bytes !== last - first) {
    throw invalid(
      `Tensor ${quote(name)} of ${dtype} [${shape.join(', ')}] needs ${bytes} bytes, but its offsets span ${last - first}.`,
      { tensor: name },
    );
  }
  return { dtype, shape, begin: dataStart + first, end: dataStart + last };
}

/** Every byte after the header belongs to exactly one tensor: nothing hides in holes, overlaps or a tail. */
function checkCoverage(
  tensors: ReadonlyMap<string, StoredTensor>,
  dataStart: number,
  fileSize: number,
): void {
  const ordered = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = dataStart;
  for (const [name, { begin, end }] of ordered) {
    if (begin !== covered) {
      const fault = begin < covered ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw invalid(`Tensor ${quote(name)} ${fault}, at byte ${Math.min(begin, covered)}.`, { tensor: name });
    }
    covered = end;
  }
  if (covered !== fileSize)
    throw invalid(`The last tensor ends at byte ${covered}, the file at ${fileSize}.`);
}
