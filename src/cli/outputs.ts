/** What a command writes must never be what it, or a training after it, reads. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { SaltError } from '../protocol/errors.ts';
import {
  NO_FRAMES,
  entriesIfAny,
  foldersOfMasks,
  haveImages,
  holdsDicom,
  isCalledImages,
} from './data-set-folders.ts';

/**
 * @param inputs paths of files that the command reads
 * @throws SaltError `INVALID_ARGUMENT` when the file to be written is one of them
 */
export async function requireOtherFile(out: string, inputs: readonly string[]): Promise<void> {
  const target = await truePath(out);
  for (const input of inputs) {
    if ((await truePath(input)) !== target) continue;
    throw new SaltError(
      'INVALID_ARGUMENT',
      `--out ${out} would replace ${input}, which is read: choose another name.`,
      { out, input },
    );
  }
}

/**
 * For masks: not into the folders in which a data set keeps those that people drew, nor over an image, nor among the
 * images of a data set. A folder is looked at by the name that is given and by the one that links lead to: either may
 * be the one that tells.
 * @param inputs paths of the images
 * @param endings what a mask's name may add to that of its image, e.g. `_vein`; '' for nothing
 * @throws SaltError `INVALID_ARGUMENT`
 */
export async function requireFolderForMasks(
  out: string,
  inputs: readonly string[],
  endings: readonly string[],
): Promise<void> {
  const folder = await truePath(out);
  const images = await imagesOf(inputs);
  const places = new Set([resolve(out), folder]);
  // What is read there may be called by yet another name.
  for (const { path } of images) if ((await truePath(dirname(path))) === folder) places.add(dirname(path));
  const fault =
    (await keepsMasks(out, places)) ??
    (await isReadAsMasks(out, folder, images)) ??
    replacesImage(out, places, images, endings) ??
    (await keepsImages(out, places, images));
  if (fault !== undefined) {
    throw new SaltError('INVALID_ARGUMENT', `${fault}: choose another folder for --out.`, { out });
  }
}

interface Image {
  /** As it was given. */
  readonly input: string;
  /** Absolute: as it was given, or where a link leads. */
  readonly path: string;
}

async function imagesOf(inputs: readonly string[]): Promise<Image[]> {
  const images: Image[] = [];
  for (const input of inputs) {
    for (const path of new Set([resolve(input), await truePath(input)])) images.push({ input, path });
  }
  return images;
}

async function keepsMasks(out: string, places: ReadonlySet<string>): Promise<string | undefined> {
  for (const place of places) {
    if (NO_FRAMES.test(basename(place)) && haveImages(await entriesIfAny(dirname(place)))) {
      return `${out} belongs to a data set, beside its images/, and what is written there would replace masks that were drawn by hand`;
    }
    if (basename(place).toLowerCase() === 'masks' && (await holdsDicom(dirname(place)))) {
      return `${out} is where the masks of the DICOM files beside it are looked for, and what is written there would replace masks that were drawn by hand, or pass for them`;
    }
  }
  return undefined;
}

/** A folder may be that of masks by a link alone, whatever it is called itself. */
async function isReadAsMasks(
  out: string,
  folder: string,
  images: readonly Image[],
): Promise<string | undefined> {
  for (const parent of new Set(images.map(({ path }) => dirname(path)))) {
    for (const masks of await foldersOfMasks(parent)) {
      if ((await truePath(masks)) !== folder) continue;
      return `${out} is read as ${masks}, and what is written there would replace what was drawn by hand`;
    }
  }
  return undefined;
}

function replacesImage(
  out: string,
  places: ReadonlySet<string>,
  images: readonly Image[],
  endings: readonly string[],
): string | undefined {
  const inside = images.filter(({ path }) => places.has(dirname(path)));
  if (inside.length === 0) return undefined;
  const written = new RegExp(
    `^(?:${[...new Set(images.map(({ input }) => quoted(parse(input).name)))].join('|')})(?:-\\d+)?` +
      `(?:(?:${endings.map(quoted).join('|')})(?:_frame\\d+)?\\.png|\\.seg\\.dcm)$`,
    // Some disks take Frame.PNG and frame.png for one file.
    'iu',
  );
  const replaced = inside.find(({ path }) => written.test(basename(path)));
  return replaced && `A mask in ${out} would replace the image ${replaced.input}`;
}

/** Beside images of another format masks replace none, and the next training takes them for frames. */
async function keepsImages(
  out: string,
  places: ReadonlySet<string>,
  images: readonly Image[],
): Promise<string | undefined> {
  for (const place of places) {
    if (!isCalledImages(place)) continue;
    const beside = await entriesIfAny(dirname(place));
    const isOfSet = beside.some(({ name, kind }) => kind === 'folder' && NO_FRAMES.test(name));
    if (!isOfSet && !images.some(({ path }) => dirname(path) === place)) continue;
    return `${out} holds the images of a data set, and masks among them would be taken for images`;
  }
  return undefined;
}

/** Where links lead. What is not there yet is where it will be. */
async function truePath(path: string): Promise<string> {
  const whole = resolve(path);
  const parent = dirname(whole);
  return realpath(whole).catch(async () =>
    parent === whole ? whole : join(await truePath(parent), basename(whole)),
  );
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/gu, '\\$&');
}
