/**
 * Lays out the real data sets for the table of accuracy: one folder for each set of training frames, one for the test
 * frames. Nothing of them enters the project; `OHIF_SALT_DATA` names the folder that holds them.
 */
import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join, parse } from 'node:path';
import { decodeImage } from '../../src/imaging/files/image.ts';
import { resizeBilinear } from '../../src/imaging/geometry.ts';
import { encodeFramePng, encodeMaskPng, maskFromImage, resizeMask } from '../../src/imaging/mask.ts';
import type { Mask } from '../../src/imaging/frame.ts';

export type DataSetName = 'drive' | 'chase' | 'octa' | 'avrdb';

/** Files of one frame, with what to write them as. */
interface Item {
  readonly stem: string;
  /** Writes the frame's files into a folder. */
  place(folder: string): Promise<void>;
}

interface DataSet {
  readonly words: readonly string[];
  readonly train: readonly Item[];
  readonly test: readonly Item[];
}

/** Frames of a run by number and seed; `all` are all that there are for training. */
export type FrameCount = 1 | 3 | 'all';

export interface Folders {
  readonly train: string;
  readonly test: string;
  readonly words: readonly string[];
  readonly frames: readonly string[];
}

/** @returns the folders of a run, made where they are absent */
export async function layOut(
  name: DataSetName,
  count: FrameCount,
  seed: number,
  into: string,
): Promise<Folders> {
  const data = process.env['OHIF_SALT_DATA'];
  if (data === undefined) throw new Error('Set OHIF_SALT_DATA to the folder with DRIVE, CHASE_DB1, ...');
  const set = await READERS[name](data, seed);
  const chosen = count === 'all' ? set.train : spread(set.train, count, seed);
  const split = name === 'avrdb' ? `${name}-${seed}` : name;
  const folders = {
    train: join(into, `${split}-train-${count}${count === 'all' ? '' : `-${seed}`}`),
    test: join(into, `${split}-test`),
  };
  await place(folders.train, chosen);
  await place(folders.test, set.test);
  return { ...folders, words: set.words, frames: chosen.map(({ stem }) => stem) };
}

/** A few frames, evenly apart, others for each seed. */
function spread(items: readonly Item[], count: number, seed: number): Item[] {
  const stride = Math.floor(items.length / count);
  return Array.from({ length: count }, (_, i) => items[(i * stride + seed - 1) % items.length]).filter(
    (item) => item !== undefined,
  );
}

async function place(folder: string, items: readonly Item[]): Promise<void> {
  const done = join(folder, 'done');
  if (await readFile(done).catch(() => undefined)) return;
  await rm(folder, { recursive: true, force: true });
  for (const item of items) await item.place(folder);
  await writeFile(done, '');
}

const READERS: Readonly<Record<DataSetName, (data: string, seed: number) => Promise<DataSet>>> = {
  async drive(data) {
    const root = join(data, 'DRIVE');
    const items = (await sorted(join(root, 'images'))).map((file): Item => {
      const number = file.slice(0, 2);
      return {
        stem: number,
        async place(folder) {
          await link(join(root, 'images', file), join(folder, 'images'));
          await link(join(root, 'masks', `${number}_manual1.gif`), join(folder, 'masks'));
          await link(join(root, 'fov', `${number}_training_mask.gif`), join(folder, 'fov'));
        },
      };
    });
    return {
      words: ['vessel'],
      train: items.filter(({ stem }) => Number(stem) <= 34),
      test: items.filter(({ stem }) => Number(stem) > 34),
    };
  },
  async chase(data) {
    const root = join(data, 'CHASE_DB1');
    const items = (await sorted(join(root, 'images'))).map((file): Item => {
      const { name } = parse(file);
      return {
        stem: name,
        async place(folder) {
          await link(join(root, 'images', file), join(folder, 'images'));
          await link(join(root, 'masks', `${name}_1stHO.png`), join(folder, 'masks'));
        },
      };
    });
    // Image_01L and Image_01R are one child: the last four children are eight images.
    return { words: ['vessel'], train: items.slice(0, -8), test: items.slice(-8) };
  },
  async octa(data) {
    const root = join(data, 'OCTA_synthetic');
    const masks = new Map((await sorted(join(root, 'masks'))).map((file) => [stemOf(file), file]));
    const items = (await sorted(join(root, 'images'))).map((file): Item => {
      const stem = stemOf(file);
      const mask = masks.get(stem);
      if (mask === undefined) throw new Error(`${file} has no mask.`);
      return {
        stem,
        // Masks have four times the image's resolution; both are brought to twice the image's.
        place: (folder) =>
          placeResized(folder, join(root, 'images', file), join(root, 'masks', mask), 608, 608),
      };
    });
    return { words: ['vessel'], train: items.slice(0, 28), test: items.slice(28) };
  },
  async avrdb(data, seed) {
    const root = join(data, 'AVRDB_sample');
    const items = (await sorted(join(root, 'images'))).map((file): Item => {
      const { name } = parse(file);
      const labels = join(root, 'av-labels', `${name}--av.png`);
      return {
        stem: name,
        place: (folder) => placeArteriesAndVeins(folder, join(root, 'images', file), labels),
      };
    });
    const tested = [(2 * seed - 2) % 5, (2 * seed - 1) % 5];
    return {
      words: ['artery', 'vein'],
      train: items.filter((_, i) => !tested.includes(i)),
      test: items.filter((_, i) => tested.includes(i)),
    };
  },
};

async function placeResized(
  folder: string,
  image: string,
  mask: string,
  width: number,
  height: number,
): Promise<void> {
  const frame = await decodeImage(await readFile(image), basename(image));
  const truth = await maskFromImage(await readFile(mask), basename(mask));
  const name = `${stemOf(basename(image))}.png`;
  const { pixels } = resizeBilinear(frame, width, height);
  await write(join(folder, 'images'), name, encodeFramePng({ ...frame, width, height, pixels }));
  await write(join(folder, 'masks'), name, encodeMaskPng(resizeMask(truth, width, height)));
}

/** Half size, two masks; crossings (green) belong to both. */
async function placeArteriesAndVeins(folder: string, image: string, labels: string): Promise<void> {
  const frame = await decodeImage(await readFile(image), basename(image));
  const colours = await decodeImage(await readFile(labels), basename(labels));
  const [width, height] = [Math.round(frame.width / 2), Math.round(frame.height / 2)];
  const name = `${parse(image).name}.png`;
  const { pixels } = resizeBilinear(frame, width, height);
  await write(join(folder, 'images'), name, encodeFramePng({ ...frame, width, height, pixels }));
  for (const [word, channel] of [
    ['artery', 0],
    ['vein', 2],
  ] as const) {
    const data = new Uint8Array(colours.width * colours.height);
    for (let i = 0; i < data.length; i++) {
      const at = (c: number): number => colours.pixels[3 * i + c] ?? 0;
      data[i] = at(channel) > 127 || at(1) > 127 ? 1 : 0;
    }
    const mask: Mask = { width: colours.width, height: colours.height, data };
    await write(join(folder, `masks-${word}`), name, encodeMaskPng(resizeMask(mask, width, height)));
  }
}

async function sorted(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
}

function stemOf(file: string): string {
  return parse(file).name;
}

async function link(from: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await symlink(from, join(folder, basename(from)));
}

async function write(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), bytes);
}
