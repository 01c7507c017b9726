import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openDicomDataset } from '../imaging/dataset/dicom.node.ts';
import { openFolderDataset } from '../imaging/dataset/folder.node.ts';
import { mayBeImage } from '../imaging/dataset/names.ts';
import type { Mask } from '../imaging/frame.ts';
import { SaltError } from '../protocol/errors.ts';
import { samplesOfWord } from '../training/training-sample.ts';
import type { TrainingSample } from '../training/training-sample.ts';
import { NO_FRAMES, entriesIfAny, entriesOf, haveImages } from './data-set-folders.ts';

/** Where annotated frames are. Plain data. */
export interface DataRequest {
  /** A folder with images/ and masks/, or of DICOM files. */
  readonly folder?: string;
  /** DICOM images and segmentations, or folders of them. */
  readonly dicom: readonly string[];
  /** What is to be segmented. */
  readonly words: readonly string[];
}

export interface OpenedData {
  readonly samples: readonly TrainingSample[];
  /** A sentence for each file that could not be used. */
  readonly problems: readonly string[];
}

/**
 * Opens annotated frames. The masks of a folder show every word that has no folder of masks for itself; DICOM segmentations those that their segments are
 * called by.
 * @throws SaltError `DATASET_INVALID`, `FILE_UNREADABLE`
 */
export async function openData({ folder, dicom, words }: DataRequest): Promise<OpenedData> {
  const parts: OpenedData[] = [];
  if (folder !== undefined) {
    const files = await dicomFolder(folder);
    parts.push(files ? await openDicom(files, words) : await openFolder(folder, words));
  }
  if (dicom.length > 0) parts.push(await openDicom(await filesOf(dicom), words));
  return { samples: uniquelyNamed(parts), problems: parts.flatMap(({ problems }) => problems) };
}

async function openFolder(folder: string, words: readonly string[]): Promise<OpenedData> {
  const samples: TrainingSample[][] = [];
  const problems = new Set<string>();
  for (const word of words) {
    const dataset = await openFolderDataset(folder, word);
    samples.push(samplesOfWord(dataset.samples, word));
    for (const problem of dataset.problems) problems.add(problem);
  }
  return { samples: merged(samples), problems: [...problems] };
}

async function openDicom(paths: readonly string[], words: readonly string[]): Promise<OpenedData> {
  const samples: TrainingSample[][] = [];
  const problems = new Set<string>();
  for (const word of words) {
    const dataset = await openDicomDataset(paths, { segment: word });
    samples.push(samplesOfWord(dataset.samples, word));
    for (const problem of dataset.problems) problems.add(problem);
  }
  return { samples: merged(samples), problems: [...problems] };
}

/** Samples of one id, each with masks of other words, as one. */
function merged(lists: readonly (readonly TrainingSample[])[]): TrainingSample[] {
  const byId = new Map<string, TrainingSample>();
  for (const sample of lists.flat()) {
    const known = byId.get(sample.id);
    const masks = new Map<string, () => Promise<Mask>>([...(known?.masks ?? []), ...sample.masks]);
    byId.set(sample.id, { ...(known ?? sample), masks });
  }
  return [...byId.values()];
}

function uniquelyNamed(parts: readonly OpenedData[]): TrainingSample[] {
  const [first, second] = parts;
  if (!first || !second) return [...(first?.samples ?? [])];
  const taken = new Set(first.samples.map(({ id }) => id));
  return [
    ...first.samples,
    ...second.samples.map((sample) =>
      taken.has(sample.id) ? { ...sample, id: `dicom/${sample.id}` } : sample,
    ),
  ];
}

/** The files of a folder that is not laid out with images/ but has files in it: DICOM, as an archive exports it. */
async function dicomFolder(folder: string): Promise<string[] | undefined> {
  const entries = await entriesIfAny(folder);
  if (haveImages(entries)) return undefined;
  const files = entries.filter(({ name, kind }) => kind === 'file' && mayBeImage(name));
  return files.length > 0 ? files.map(({ name }) => join(folder, name)).sort() : undefined;
}

/** Files as they are, folders with all frames that are in them (not those of masks), in a stable order. */
export async function filesOf(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch((cause: unknown) => {
      throw new SaltError('FILE_UNREADABLE', `There is no file or folder ${path}.`, { path }, { cause });
    });
    if (!found.isDirectory()) {
      files.push(path);
      continue;
    }
    const entries = await entriesOf(path).catch((cause: unknown) => {
      const message = `The folder ${path} could not be read. See that you may read it, or name another.`;
      throw new SaltError('FILE_UNREADABLE', message, { path }, { cause });
    });
    const order = new Intl.Collator('en', { numeric: true }).compare;
    const inside = entries.filter(({ name, kind }) =>
      kind === 'folder' ? !NO_FRAMES.test(name) : mayBeImage(name),
    );
    files.push(...(await filesOf(inside.map(({ name }) => join(path, name)).sort(order))));
  }
  return files;
}
