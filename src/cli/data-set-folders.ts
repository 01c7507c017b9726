/** The folders of a data set as they lie on the disk. A link counts as what it leads to. */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { mayBeImage } from '../imaging/dataset/names.ts';
import { isDicom } from '../imaging/dicom/parse.ts';

/** Folders of a data set whose files are no frames. */
export const NO_FRAMES = /^(?:masks?|fov)(?:[-_].*)?$/iu;

export interface Entry {
  readonly name: string;
  /** Undefined for what is neither, such as a link that leads nowhere. */
  readonly kind: 'file' | 'folder' | undefined;
}

/** What is in a folder. What it throws: as `readdir`, where the folder cannot be read. */
export async function entriesOf(folder: string): Promise<Entry[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return Promise.all(
    entries.map(async (entry): Promise<Entry> => {
      const { name } = entry;
      const found = entry.isSymbolicLink() ? await stat(join(folder, name)).catch(() => undefined) : entry;
      return { name, kind: found?.isDirectory() ? 'folder' : found?.isFile() ? 'file' : undefined };
    }),
  );
}

/** The same, and nothing where the folder cannot be read or is not there. */
export async function entriesIfAny(folder: string): Promise<Entry[]> {
  return entriesOf(folder).catch(() => []);
}

/** Whether a data set keeps its images in the folder of this path, by its name. */
export function isCalledImages(path: string): boolean {
  return basename(path).toLowerCase() === 'images';
}

/** Whether there is a folder images/ in a listing. */
export function haveImages(entries: readonly Entry[]): boolean {
  return entries.some(({ name, kind }) => kind === 'folder' && isCalledImages(name));
}

/** Whether some file in the folder is DICOM, by its first bytes. */
export async function holdsDicom(folder: string): Promise<boolean> {
  for (const { name, kind } of await entriesIfAny(folder)) {
    if (kind === 'file' && mayBeImage(name) && isDicom(await beginning(join(folder, name)))) return true;
  }
  return false;
}

/** As much of a file as tells DICOM; none of one that cannot be read. */
async function beginning(path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(256);
  try {
    const file = await open(path);
    try {
      const { bytesRead } = await file.read(bytes);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return new Uint8Array();
  }
}

/**
 * Where the masks and fields of view of images lie.
 * @param images the folder that the images are in
 */
export async function foldersOfMasks(images: string): Promise<string[]> {
  const around = dirname(images);
  const isOfSet = isCalledImages(images);
  const beside = await entriesIfAny(around);
  const folders = beside.filter(
    ({ name, kind }) =>
      // Beside a folder of another name, a field of view is all that is looked for.
      kind === 'folder' && (isOfSet ? NO_FRAMES.test(name) : name.toLowerCase() === 'fov'),
  );
  const inside = (await holdsDicom(images)) ? ['masks'] : [];
  return [...folders.map(({ name }) => join(around, name)), ...inside.map((name) => join(images, name))];
}
