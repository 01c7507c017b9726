import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SaltError } from '../../protocol/errors.ts';
import type { Dataset } from '../dataset.ts';
import { readHeaders } from './headers.node.ts';
import { mayBeImage } from './names.ts';
import { pairListing } from './pair.ts';
import { RecentFile, makeSample } from './sample.node.ts';
import { readSplit } from './split.ts';

const SPLIT_FILE = 'data_split.csv';
const LAYOUT =
  'A data set is a folder with images/ and masks/ in it, files paired by name (images/21.png with masks/21.png or ' +
  'masks/21_mask.png), and optionally fov/ and data_split.csv (columns image, mask, split). Masks of several structures ' +
  'lie in a folder each, named after its word: masks-artery/, masks-vein/.';

/**
 * Opens a folder of frames and masks. Images are read when a sample is loaded; of DICOM files the header is read
 * now, for their number of frames and their patient.
 *
 * @param word whose masks are wanted: those in `masks-<word>/`, or in `masks/` where there is no such folder
 * @throws SaltError DATASET_INVALID when not one frame has a mask.
 */
export async function openFolderDataset(folder: string, word?: string): Promise<Dataset> {
  const entries = await list(folder);
  const find = (name: string) => entries.find((entry) => entry.toLowerCase() === name);
  const imagesFolder = find('images');
  const masksFolder = (word !== undefined && find(masksFolderOf(word))) || find('masks');
  const fieldsFolder = find('fov');
  const splitFile = find(SPLIT_FILE);
  if (imagesFolder === undefined || masksFolder === undefined) {
    const missing = [...(imagesFolder ? [] : ['images/']), ...(masksFolder ? [] : ['masks/'])].join(' and ');
    throw new SaltError('DATASET_INVALID', `${folder} has no ${missing}. ${LAYOUT}`, { folder });
  }
  const images = join(folder, imagesFolder);
  const masks = join(folder, masksFolder);
  const problems: string[] = [];
  const files = new RecentFile();
  const headers = await readHeaders(images, await list(images), files, problems);
  const { pairs, problems: unpaired } = pairListing({
    images: headers,
    masks: (await list(masks)).filter(mayBeImage),
    ...(fieldsFolder !== undefined && {
      fieldsOfView: (await list(join(folder, fieldsFolder))).filter(mayBeImage),
    }),
    ...(splitFile !== undefined && {
      split: readSplit(await readFile(join(folder, splitFile), 'utf8'), join(folder, splitFile)),
    }),
  });
  problems.push(...unpaired);
  if (pairs.length === 0) {
    const shown = problems.slice(0, 5).map((problem) => `\n  ${problem}`);
    throw new SaltError(
      'DATASET_INVALID',
      `${folder} has no frame with a mask: ${headers.length} images were looked at. ${LAYOUT}${shown.join('')}`,
      { folder, problems },
    );
  }
  const groups = new Map(headers.map(({ name, group }) => [name, group]));
  const samples = pairs.map((pair) => {
    const group = groups.get(pair.image);
    return makeSample(
      {
        id: pair.id,
        path: join(images, pair.image),
        frame: pair.frame,
        mask: join(masks, pair.mask),
        ...(pair.fieldOfView !== undefined &&
          fieldsFolder !== undefined && { fieldOfView: join(folder, fieldsFolder, pair.fieldOfView) }),
        ...(pair.split !== undefined && { split: pair.split }),
        ...(group !== undefined && { group }),
      },
      files,
    );
  });
  return { samples, problems };
}

/** The folder for the masks of a word. */
function masksFolderOf(word: string): string {
  return `masks-${word
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')}`;
}

/** Names in a folder, in the order that people expect (`2` before `10`), which is also the same everywhere. */
async function list(folder: string): Promise<string[]> {
  try {
    const order = new Intl.Collator('en', { numeric: true }).compare;
    return (await readdir(folder)).sort(order);
  } catch (error) {
    throw new SaltError(
      'DATASET_INVALID',
      `${folder} is not a folder that can be read. ${LAYOUT}`,
      { folder },
      { cause: error },
    );
  }
}
