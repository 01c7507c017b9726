// zip.js checks the sums itself, but would put the plug-in over the size that it may have.
import { strFromU8, unzipSync, zipSync } from 'fflate';
import { SaltError } from '../../../../src/protocol/errors.ts';

/**
 * The files of a ZIP, each checked against the CRC-32 that the archive's directory keeps of it.
 *
 * @param mostBytes what they may be together
 * @throws SaltError DATASET_INVALID when it is no ZIP, is damaged, or holds more
 */
export async function readZip(file: Blob, mostBytes: number): Promise<ReadonlyMap<string, Uint8Array>> {
  const packed = new Uint8Array(await file.arrayBuffer());
  let left = mostBytes;
  let files: Map<string, Uint8Array>;
  let sums: ReadonlyMap<string, number>;
  try {
    const entries = unzipSync(packed, {
      filter({ originalSize }) {
        left -= originalSize;
        return left >= 0;
      },
    });
    files = new Map(Object.entries(entries));
    sums = directorySums(packed);
  } catch (cause) {
    throw invalid('This file is no ZIP, or is damaged.', 'Choose a ZIP that "Export" wrote.', cause);
  }
  if (left < 0)
    throw invalid('This ZIP is too large for a set of frames.', 'Choose a ZIP that "Export" wrote.');
  for (const [name, bytes] of files) {
    if (sums.get(name) === sumOf(bytes)) continue;
    throw invalid(
      `This ZIP is damaged: "${name}" in it is not what was exported. Nothing was imported.`,
      'Copy or download the file again, or export the set again.',
    );
  }
  return files;
}

const END = 0x06054b50;
const END_LENGTH = 22;

/** CRC-32 by name. @throws RangeError where the directory does not fit the file */
function directorySums(packed: Uint8Array): ReadonlyMap<string, number> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let end = packed.length - END_LENGTH;
  while (view.getUint32(end, true) !== END) end--;
  const sums = new Map<string, number>();
  let at = view.getUint32(end + 16, true);
  for (let count = view.getUint16(end + 10, true); count > 0; count--) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const bytes = packed.subarray(at + 46, at + 46 + (name ?? 0));
    sums.set(strFromU8(bytes, (view.getUint16(at + 8, true) & 0x800) === 0), view.getUint32(at + 16, true));
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return sums;
}

/** CRC-32, which fflate works out only in writing: it stands at byte 14 of a ZIP with one file. */
function sumOf(bytes: Uint8Array): number {
  const zip = zipSync({ file: bytes }, { level: 0 });
  return new DataView(zip.buffer, zip.byteOffset).getUint32(14, true);
}

function invalid(what: string, advice: string, cause?: unknown): SaltError {
  return new SaltError('DATASET_INVALID', `${what} ${advice}`, {}, { cause });
}
