import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { isDicom } from '../dicom/parse.ts';
import type { ImageName } from './match.ts';
import { mayBeImage } from './names.ts';
import { groupOf } from './sample.node.ts';
import type { RecentFile } from './sample.node.ts';

/** What is known of a file of frames before any of them is loaded. */
export interface Header extends ImageName {
  readonly group?: string;
}

/**
 * The images among a folder's files, with their number of frames: of DICOM files the header is read.
 * @param problems is given a sentence for each that cannot be read
 */
export async function readHeaders(
  folder: string,
  names: readonly string[],
  files: RecentFile,
  problems: string[],
): Promise<Header[]> {
  const headers: Header[] = [];
  for (const name of names.filter(mayBeImage)) {
    const path = join(folder, name);
    try {
      if (!(await beginsAsDicom(path))) {
        headers.push({ name, frames: 1 });
        continue;
      }
      const file = await files.open(path);
      const group = groupOf(file.dicom?.identity);
      headers.push({ name, frames: file.frameCount, ...(group !== undefined && { group }) });
    } catch (error) {
      problems.push(error instanceof Error ? error.message : `${name} cannot be read.`);
    }
  }
  return headers;
}

async function beginsAsDicom(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(133), 0, 133, 0);
    return isDicom(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
