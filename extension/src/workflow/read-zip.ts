import { SaltError } from '../../../src/protocol/errors.ts';

/**
 * The files of a ZIP, each checked against the checksum that the archive keeps of it.
 *
 * @param mostBytes what they may be together
 * @throws SaltError DATASET_INVALID when it is no ZIP, is damaged, or holds more
 */
export async function readZip(file: Blob, mostBytes: number): Promise<ReadonlyMap<string, Uint8Array>> {
  // Only here, since it is several times as large as what writes a ZIP. The build without workers and WASM.
  const { BlobReader, Uint8ArrayWriter, ZipReader } = await import('@zip.js/zip.js/lib/zip-core-custom.js');
  const zip = new ZipReader(new BlobReader(file), {
    strictness: 'strict',
    checkSignature: true,
    useWebWorkers: false,
  });
  const entries = await zip.getEntries().catch((cause: unknown) => {
    throw invalid('This file is no ZIP, or its end is missing.', 'Choose a ZIP that "Export" wrote.', cause);
  });
  const files = entries.flatMap((entry) => (entry.directory ? [] : [entry]));
  if (files.reduce((total, { uncompressedSize }) => total + uncompressedSize, 0) > mostBytes)
    throw invalid('This ZIP is too large for a set of frames.', 'Choose a ZIP that "Export" wrote.');
  const contents = new Map<string, Uint8Array>();
  for (const entry of files) {
    const name = entry.filename;
    const bytes = await entry.getData(new Uint8ArrayWriter()).catch((cause: unknown) => {
      throw invalid(
        `This ZIP is damaged: "${name}" in it is not what was exported. Nothing was imported.`,
        'Copy or download the file again, or export the set again.',
        cause,
      );
    });
    contents.set(name, bytes);
  }
  return contents;
}

function invalid(what: string, advice: string, cause?: unknown): SaltError {
  return new SaltError('DATASET_INVALID', `${what} ${advice}`, {}, { cause });
}
