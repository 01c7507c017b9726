import type { SegFile, SegFrame, SegSegment } from '../dicom/seg-read.ts';
import { SaltError } from '../../protocol/errors.ts';
import type { Mask } from '../frame.ts';
import { resizeMask } from '../mask.ts';

/**
 * The segments of a file that a word names, by label or coded type. Without a word, or where the only segment is
 * called something else (viewers call it `Segment 1`), the only segment.
 */
export function chooseSegments(
  seg: SegFile,
  word: string | undefined,
): { readonly numbers: readonly number[]; readonly problem?: string } {
  const { segments, fileName } = seg;
  const [only, other] = segments;
  if (!only) return { numbers: [], problem: `${fileName}: this segmentation has no segments.` };
  const matching = word === undefined ? [] : segments.filter((segment) => isCalled(segment, word));
  if (matching.length > 0) return { numbers: matching.map(({ number }) => number) };
  if (!other) {
    return word === undefined
      ? { numbers: [only.number] }
      : {
          numbers: [only.number],
          problem: `${fileName}: its only segment is called "${only.label}", not "${word}"; it is used all the same.`,
        };
  }
  const labels = segments.map(({ label }) => `"${label}"`).join(', ');
  const problem = word === undefined ? 'say which one is meant' : `none of them is called "${word}"`;
  return { numbers: [], problem: `${fileName}: its segments are ${labels}; ${problem}.` };
}

function isCalled({ label, type }: SegSegment, word: string): boolean {
  const singular = (text: string) => text.trim().toLowerCase().replace(/ies$/u, 'y').replace(/s$/u, '');
  return [label, type?.meaning].some((name) => name !== undefined && singular(name) === singular(word));
}

/** What a segmentation says of some segments, by source image and then by frame; 0 stands for every frame. */
export function framesBySource(
  seg: SegFile,
  numbers: readonly number[],
): Map<string, Map<number, SegFrame[]>> {
  const bySource = new Map<string, Map<number, SegFrame[]>>();
  for (const frame of seg.frames) {
    if (!numbers.includes(frame.segment)) continue;
    for (const { sopInstanceUid, frameNumbers = [0] } of frame.references) {
      const frames = bySource.get(sopInstanceUid) ?? new Map<number, SegFrame[]>();
      bySource.set(sopInstanceUid, frames);
      for (const number of frameNumbers) frames.set(number, [...(frames.get(number) ?? []), frame]);
    }
  }
  return bySource;
}

/**
 * Everything that any of the frames marks, at the size of the largest; there is at least one.
 * @throws SaltError DATASET_INVALID when their proportions differ
 */
export async function union(frames: readonly SegFrame[]): Promise<Mask> {
  const masks: Mask[] = [];
  for (const frame of frames) masks.push(await frame.mask());
  const [largest, ...others] = masks.sort((a, b) => b.data.length - a.data.length);
  if (!largest) throw new RangeError('A union needs at least one frame.');
  const { width, height } = largest;
  for (const mask of others) {
    if (mask.width * height !== mask.height * width) {
      throw new SaltError(
        'DATASET_INVALID',
        `Two segmentations of one frame are ${width} x ${height} and ${mask.width} x ${mask.height}, which is no other size ` +
          'of the same drawing. Keep the one that was drawn on this frame.',
      );
    }
    const { data } = resizeMask(mask, width, height);
    for (let i = 0; i < data.length; i++) largest.data[i] = (largest.data[i] ?? 0) | (data[i] ?? 0);
  }
  return largest;
}
