/** What a command writes must never be what it, or a training after it, reads. */
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { SaltError } from '../protocol/errors.ts';
import { NO_FRAMES } from './data.ts';

/**
 * @param inputs paths of files that the command reads
 * @throws SaltError `INVALID_ARGUMENT` when the file to be written is one of them
 */
export async function requireOtherFile(out: string, inputs: readonly string[]): Promise<void> {
  const target = await trueFile(out);
  for (const input of inputs) {
    if ((await trueFile(input)) !== target) continue;
    throw new SaltError(
      'INVALID_ARGUMENT',
      `--out ${out} would replace ${input}, which is read: choose another name.`,
      { out, input },
    );
  }
}

/**
 * For masks: not into the folders in which a data set keeps those that people drew, nor over an image.
 * @param inputs paths of the images
 * @param endings what a mask's name may add to that of its image, e.g. `_vein`; '' for nothing
 * @throws SaltError `INVALID_ARGUMENT`
 */
export async function requireFolderForMasks(
  out: string,
  inputs: readonly string[],
  endings: readonly string[],
): Promise<void> {
  const folder = await trueFolder(out);
  if (NO_FRAMES.test(basename(folder)) && (await hasImages(dirname(folder)))) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${out} belongs to a data set, beside its images/: what is written there would replace masks that were drawn by hand. Choose another folder for --out.`,
      { out },
    );
  }
  const inside: string[] = [];
  for (const input of inputs) if ((await trueFolder(dirname(input))) === folder) inside.push(input);
  if (inside.length === 0) return;
  const written = new RegExp(
    `^(?:${[...new Set(inputs.map((input) => quoted(parse(input).name)))].join('|')})(?:-\\d+)?` +
      `(?:(?:${endings.map(quoted).join('|')})(?:_frame\\d+)?\\.png|\\.seg\\.dcm)$`,
    // Some disks take Frame.PNG and frame.png for one file.
    'iu',
  );
  const replaced = inside.find((input) => written.test(basename(input)));
  if (replaced === undefined) return;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `A mask in ${out} would replace the image ${replaced}: choose another folder for --out.`,
    { out, input: replaced },
  );
}

async function hasImages(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.some((entry) => entry.isDirectory() && entry.name.toLowerCase() === 'images');
}

/** Where links lead. What is not there yet is where it will be. */
async function trueFile(path: string): Promise<string> {
  return realpath(path).catch(async () => join(await trueFolder(dirname(path)), basename(path)));
}

function trueFolder(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/gu, '\\$&');
}
