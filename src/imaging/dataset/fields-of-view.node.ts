import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SaltError } from '../../protocol/errors.ts';
import type { FrameFile } from '../decode-any.ts';
import type { Mask } from '../frame.ts';
import { maskFromImage, resizeMask } from '../mask.ts';
import { readHeaders } from './headers.node.ts';
import { matchNames } from './match.ts';
import type { Matches } from './match.ts';
import { mayBeImage } from './names.ts';
import { RecentFile, readBytes } from './sample.node.ts';

interface FolderOfFields {
  readonly path: string;
  /** Of the images beside it, in the order of `matches`. */
  readonly images: readonly string[];
  readonly matches: Matches;
}

/** Masks of the field of view for single files, found as a data set finds them: in fov/ beside the folder of the images. */
export class FieldsOfView {
  readonly #warn: (text: string) => void;
  readonly #folders = new Map<string, Promise<FolderOfFields | undefined>>();

  /** @param warn told once for each folder of what could not be paired */
  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /**
   * The field of view of each frame of a file, one-based; undefined for a frame that has none.
   * What the returned function throws: SaltError `DATASET_INVALID` naming both files for one that does not fit, with the image's
   * path as the detail `file`; `FILE_UNREADABLE`, `IMAGE_INVALID`, `IMAGE_UNSUPPORTED`.
   */
  async of(
    path: string,
    file: Pick<FrameFile, 'width' | 'height'>,
  ): Promise<(frameNumber: number) => Promise<Mask | undefined>> {
    const images = dirname(resolve(path));
    const folder = await (this.#folders.get(images) ?? this.#open(images));
    const image = folder?.images.indexOf(basename(path)) ?? -1;
    const frames = folder?.matches.get(image);
    if (!folder || !frames) return () => Promise.resolve(undefined);
    const loaded = new Map<string, Promise<Mask>>();
    return (frameNumber) => {
      const name = frames.get(frameNumber) ?? frames.get(0);
      if (name === undefined) return Promise.resolve(undefined);
      const mask = loaded.get(name) ?? load(join(folder.path, name), path, file);
      // One may serve every frame; of those that serve one each, none is asked for long after.
      if (frames.get(0) === name) loaded.set(name, mask);
      return mask;
    };
  }

  #open(images: string): Promise<FolderOfFields | undefined> {
    const opened = openFolder(images, this.#warn);
    this.#folders.set(images, opened);
    return opened;
  }
}

async function openFolder(images: string, warn: (text: string) => void): Promise<FolderOfFields | undefined> {
  const parent = dirname(images);
  const beside = await readdir(parent).catch(() => []);
  const name = beside.find((entry) => entry.toLowerCase() === 'fov');
  if (name === undefined) return undefined;
  const path = join(parent, name);
  const fields = (await readdir(path).catch(() => [])).filter(mayBeImage);
  if (fields.length === 0) return undefined;
  // What cannot be read is told where it is segmented.
  const headers = await readHeaders(images, await readdir(images), new RecentFile(), []);
  const { matches, problems } = matchNames(headers, fields, 'field of view');
  for (const problem of problems) warn(`${path}: ${problem}`);
  return { path, images: headers.map((header) => header.name), matches };
}

async function load(
  path: string,
  image: string,
  { width, height }: Pick<FrameFile, 'width' | 'height'>,
): Promise<Mask> {
  try {
    return resizeMask(await maskFromImage(await readBytes(path), basename(path)), width, height);
  } catch (cause) {
    if (!(cause instanceof SaltError)) throw cause;
    throw new SaltError(
      'DATASET_INVALID',
      `${image}: its field of view, ${path}, cannot be used: ${cause.message}`,
      { file: image, fieldOfView: path },
      { cause },
    );
  }
}
