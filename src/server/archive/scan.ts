import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { reasonOf } from '../../imaging/dicom/errors.ts';
import { SaltError } from '../../protocol/errors.ts';
import { readHeader } from '../dicom/read-header.ts';
import { describeInstance } from './instance.ts';
import type { StoredInstance } from './instance.ts';

/** A file that is no DICOM object which the archive can show. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
  /** Whether it looked like DICOM, so that its owner will miss it. */
  readonly isDicom: boolean;
}

export interface Scanned {
  readonly instances: readonly StoredInstance[];
  readonly leftOut: readonly LeftOut[];
}

/** Headers read at a time. */
const TOGETHER = 8;

/** An index of media (PS3.10 8): it describes other files. */
const MEDIA_INDEX = 'DICOMDIR';

/**
 * Reads the headers of all files below a folder, in the order of their paths, whatever they are called. Names that
 * start with a dot are passed over, links to folders are not followed.
 *
 * @throws SaltError `FILE_UNREADABLE` when the folder, or one in it, cannot be read.
 */
export async function scanFolder(
  folder: string,
  tell: (read: number, of: number) => void = () => undefined,
): Promise<Scanned> {
  const paths = await listFiles(folder);
  const found = new Array<StoredInstance | LeftOut>(paths.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < paths.length; i = next++) {
      found[i] = await look(paths[i] ?? '');
      tell(i + 1, paths.length);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  return {
    instances: found.filter((item): item is StoredInstance => !('reason' in item)),
    leftOut: found.filter((item): item is LeftOut => 'reason' in item),
  };
}

async function look(path: string): Promise<StoredInstance | LeftOut> {
  const name = basename(path);
  try {
    const header = await readHeader(path, name);
    if (header) return describeInstance(header, path, name);
    return { path, reason: `${name} is not a DICOM file.`, isDicom: false };
  } catch (error) {
    return { path, reason: reasonOf(error), isDicom: error instanceof SaltError };
  }
}

async function listFiles(folder: string): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new SaltError(
      'FILE_UNREADABLE',
      `The folder ${folder} cannot be read: ${reasonOf(cause)}. Name a folder of DICOM files that you may read.`,
      { folder },
      { cause },
    );
  }
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === MEDIA_INDEX) continue;
    if (entry.isDirectory()) files.push(...(await listFiles(path)));
    else if (entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(path)))) files.push(path);
  }
  return files;
}

async function leadsToFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
