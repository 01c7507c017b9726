import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SaltError } from '../../protocol/errors.ts';
import type { Dataset, Sample } from '../dataset.ts';
import { decodeDicom } from '../dicom/dicom-file.ts';
import { isSegmentation, readSeg } from '../dicom/seg-read.ts';
import type { SegFile, SegFrame } from '../dicom/seg-read.ts';
import type { Mask } from '../frame.ts';
import { matchNames } from './match.ts';
import { mayBeImage } from './names.ts';
import { framesOf, uniqueStems } from './pair.ts';
import { RecentFile, groupOf, makeSample, readBytes } from './sample.node.ts';
import { chooseSegments, framesBySource, union } from './segments.ts';

/** A source image, its pixels not kept. */
interface Source {
  readonly path: string;
  readonly sopInstanceUid: string;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly group?: string;
}

/**
 * Opens DICOM images with their masks: segmentations among the files given, tied to frames by reference, and image
 * files in a folder `masks/` beside the images, tied by name (`IM1.png` for every frame of `IM1.dcm`,
 * `IM1_frame3.png` or `IM1_3.png` for one).
 *
 * @param paths images and segmentations in any order.
 * @param segment the word whose segments are meant; may be left out where each segmentation has only one.
 * @throws SaltError DATASET_INVALID when not one frame has a mask; FILE_UNREADABLE.
 */
export async function openDicomDataset(
  paths: readonly string[],
  options: { readonly segment?: string } = {},
): Promise<Dataset> {
  const problems: string[] = [];
  const sources: Source[] = [];
  const segmentations: SegFile[] = [];
  const files = new RecentFile();
  for (const path of paths) {
    try {
      const dicom = await decodeDicom(await readBytes(path), basename(path));
      if (isSegmentation(dicom)) segmentations.push(readSeg(dicom));
      else {
        const { width, height, frameCount: frames } = dicom;
        const group = groupOf(dicom.identity);
        const { sopInstanceUid } = dicom.identity;
        sources.push({ path, sopInstanceUid, width, height, frames, ...(group !== undefined && { group }) });
      }
    } catch (error) {
      if (!(error instanceof SaltError)) throw error;
      problems.push(error.message);
    }
  }
  const drawn = drawnMasks(sources, segmentations, options.segment, problems);
  const images = await imageMasks(sources, problems);
  const ids = uniqueStems(sources.map(({ path }) => path));
  const samples = sources.flatMap((source, index): Sample[] => {
    const masks = new Map<number, string | (() => Promise<Mask>)>([
      ...(images.get(index) ?? []),
      ...(drawn.get(index) ?? []),
    ]);
    if (images.has(index) && drawn.has(index)) {
      problems.push(
        `${source.path}: it has a segmentation and images in masks/; where both show a frame, the segmentation is used.`,
      );
    }
    if (masks.size === 0)
      problems.push(`${source.path}: no segmentation refers to it, and masks/ has no image named like it.`);
    return [...masks.entries()]
      .sort(([a], [b]) => a - b)
      .map(([frame, mask]) =>
        makeSample(
          {
            id: source.frames > 1 ? `${ids[index]}#${frame}` : (ids[index] ?? source.path),
            path: source.path,
            frame,
            mask,
            ...(source.group !== undefined && { group: source.group }),
          },
          files,
        ),
      );
  });
  if (samples.length === 0) {
    const shown = problems.slice(0, 5).map((problem) => `\n  ${problem}`);
    throw new SaltError(
      'DATASET_INVALID',
      `None of these ${paths.length} DICOM files has a mask. Give DICOM segmentations of them along with the images, ` +
        `or put images named like them into masks/ beside them.${shown.join('')}`,
      { problems },
    );
  }
  return { samples, problems };
}

type FrameMasks<T> = Map<number, Map<number, T>>;

/** From segmentations: masks by source and frame. */
function drawnMasks(
  sources: readonly Source[],
  segmentations: readonly SegFile[],
  word: string | undefined,
  problems: string[],
): FrameMasks<() => Promise<Mask>> {
  const bySop = new Map(sources.map(({ sopInstanceUid }, index) => [sopInstanceUid, index]));
  const found: FrameMasks<SegFrame[]> = new Map();
  for (const seg of segmentations) {
    const { numbers, problem } = chooseSegments(seg, word);
    if (problem !== undefined) problems.push(problem);
    const lost = seg.frames.filter(({ references }) => references.length === 0).length;
    if (lost > 0)
      problems.push(`${seg.fileName}: ${lost} of its frames do not say which image they were drawn on.`);
    for (const [sopInstanceUid, frames] of framesBySource(seg, numbers)) {
      const index = bySop.get(sopInstanceUid);
      const source = index === undefined ? undefined : sources[index];
      if (index === undefined || !source) {
        problems.push(
          `${seg.fileName}: the image it was drawn on (${sopInstanceUid}) is not among the files.`,
        );
      } else if (source.width * seg.height !== source.height * seg.width) {
        problems.push(
          `${seg.fileName}: it is ${seg.width} x ${seg.height}, ${source.path} ${source.width} x ${source.height}.`,
        );
      } else {
        const known = found.get(index) ?? new Map<number, SegFrame[]>();
        found.set(index, known);
        for (const [frame, parts] of resolve(frames, source, seg, problems)) {
          known.set(frame, [...(known.get(frame) ?? []), ...parts]);
        }
      }
    }
  }
  return new Map(
    Array.from(found, ([index, frames]) => [
      index,
      new Map(Array.from(frames, ([frame, parts]) => [frame, () => union(parts)])),
    ]),
  );
}

/** Frame 0, which stands for all, spelt out; frames that the source does not have, reported. */
function resolve(
  frames: ReadonlyMap<number, readonly SegFrame[]>,
  source: Source,
  seg: SegFile,
  problems: string[],
): Map<number, SegFrame[]> {
  const resolved = new Map<number, SegFrame[]>();
  for (const [number, parts] of frames) {
    if (number > source.frames) {
      problems.push(
        `${seg.fileName}: it refers to frame ${number} of ${source.path}, which has ${source.frames}.`,
      );
      continue;
    }
    const numbers = number === 0 ? Array.from({ length: source.frames }, (_, i) => i + 1) : [number];
    for (const frame of numbers) resolved.set(frame, [...(resolved.get(frame) ?? []), ...parts]);
  }
  return resolved;
}

/** From image files in `masks/` beside each source: paths by source and frame. */
async function imageMasks(sources: readonly Source[], problems: string[]): Promise<FrameMasks<string>> {
  const found: FrameMasks<string> = new Map();
  for (const folder of new Set(sources.map(({ path }) => dirname(path)))) {
    const masksFolder = join(folder, 'masks');
    // Most folders have none.
    const names = await readdir(masksFolder).catch(() => []);
    const indices = sources.flatMap(({ path }, index) => (dirname(path) === folder ? [index] : []));
    const images = indices.flatMap((index) => {
      const source = sources[index];
      return source ? [{ name: basename(source.path), frames: source.frames }] : [];
    });
    const { matches, problems: unmatched } = matchNames(images, names.filter(mayBeImage).sort(), 'mask');
    // Masks of images that were not given are no concern here.
    problems.push(...unmatched.filter((problem) => !problem.includes('no image is named like')));
    for (const [position, masks] of matches) {
      const index = indices[position];
      if (index === undefined) continue;
      const frames = framesOf(masks, sources[index]?.frames ?? 1);
      found.set(index, new Map(frames.map(([frame, mask]) => [frame, join(masksFolder, mask)])));
    }
  }
  return found;
}
