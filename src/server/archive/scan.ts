import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { reasonOf } from '../../imaging/dicom/errors.ts';
import { SaltError } from '../../protocol/errors.ts';
import { readHeader } from '../dicom/read-header.ts';
import { describeInstance } from './instance.ts';
import type { StoredInstance } from './instance.ts';

/** A file that is no DICOM object which the archive can show, or a folder that cannot be read. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
  /** Whether its owner may miss it: it looks like DICOM, or nothing could be seen of it. */
  readonly isMissed: boolean;
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
 * start with a dot are passed over, links to folders are not followed, and folders in it that cannot be read are left out.
 *
 * @throws SaltError `FILE_UNREADABLE` when the folder itself cannot be read.
 */
export async function scanFolder(
  folder: string,
  tell: (read: number, of: number) => void = () => undefined,
): Promise<Scanned> {
  const unreadable: LeftOut[] = [];
  const paths = await listRoot(folder, unreadable);
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
    leftOut: [...unreadable, ...found.filter((item): item is LeftOut => 'reason' in item)],
  };
}

async function look(path: string): Promise<StoredInstance | LeftOut> {
  const name = basename(path);
  try {
    const header = await readHeader(path, name);
    if (header) return describeInstance(header, path, name);
    return { path, reason: `${name} is not a DICOM file.`, isMissed: false };
  } catch (error) {
    const reason = error instanceof SaltError ? error.message : unreadableBecause(error);
    return { path, reason, isMissed: true };
  }
}

function unreadableBecause(error: unknown): string {
  const why = error instanceof Error && 'code' in error ? String(error.code) : reasonOf(error);
  return `it cannot be read (${why}). Allow it to be read, or look after the disk, and start anew.`;
}

async function listRoot(folder: string, unreadable: LeftOut[]): Promise<string[]> {
  try {
    return await listFiles(folder, unreadable);
  } catch (cause) {
    throw new SaltError(
      'FILE_UNREADABLE',
      `The folder ${folder} cannot be read: ${reasonOf(cause)}. Name a folder of DICOM files that you may read.`,
      { folder },
      { cause },
    );
  }
}

/** @throws errors of the file system for the folder itself; those below it go to `unreadable` */
async function listFiles(folder: string, unreadable: LeftOut[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === MEDIA_INDEX) continue;
    if (entry.isDirectory()) {
      try {
        files.push(...(await listFiles(path, unreadable)));
      } catch (error) {
        unreadable.push({ path, reason: unreadableBecause(error), isMissed: true });
      }
    } else if (entry.isFile() || (entry.isSymbolicLink() && (await mayLeadToFile(path)))) files.push(path);
  }
  return files;
}

/** A link that leads nowhere may have led to a file: reading it says what is wrong. */
async function mayLeadToFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? true;
}
