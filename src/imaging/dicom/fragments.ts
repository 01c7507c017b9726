import type { DataSet, Element } from 'dicom-parser';

/** A stretch of the file. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Which fragments make up each frame of encapsulated pixel data (PS3.5 A.4): by the extended offset table, by the
 * basic one, one fragment to a frame, or, where a writer left no table, by the markers that start an image.
 *
 * @returns for each frame its fragments in order.
 * @throws Error when they cannot be told apart.
 */
export function frameFragments(
  dataSet: DataSet,
  pixelData: Element,
  frames: number,
): readonly (readonly Range[])[] {
  const fragments = (pixelData.fragments ?? []).map((fragment) => ({
    offset: fragment.offset,
    start: fragment.position,
    end: fragment.position + fragment.length,
  }));
  if (fragments.some((fragment) => fragment.end > dataSet.byteArray.length)) {
    throw new Error('it ends inside its pixel data');
  }
  if (fragments.length < frames) {
    throw new Error(`it declares ${frames} frames and holds ${fragments.length} pieces of pixel data`);
  }
  if (frames === 1) return [fragments];

  const starts = new Set(extendedOffsets(dataSet) ?? pixelData.basicOffsetTable);
  const byTable = group(fragments, (fragment) => starts.has(fragment.offset));
  if (byTable.length === frames) return byTable;
  if (fragments.length === frames) return fragments.map((fragment) => [fragment]);
  const grouped = group(fragments, ({ start }) => startsImage(dataSet.byteArray, start));
  if (grouped.length === frames) return grouped;
  throw new Error(`its ${fragments.length} pieces of pixel data cannot be assigned to ${frames} frames`);
}

/** One frame's bytes, its fragments joined. */
export function joinFragments(bytes: Uint8Array, fragments: readonly Range[]): Uint8Array {
  const [only] = fragments;
  if (only && fragments.length === 1) return bytes.subarray(only.start, only.end);
  const joined = new Uint8Array(fragments.reduce((sum, { start, end }) => sum + end - start, 0));
  let at = 0;
  for (const { start, end } of fragments) {
    joined.set(bytes.subarray(start, end), at);
    at += end - start;
  }
  return joined;
}

function group<T extends Range>(fragments: readonly T[], startsFrame: (fragment: T) => boolean): Range[][] {
  const frames: Range[][] = [];
  for (const fragment of fragments) {
    if (frames.length === 0 || startsFrame(fragment)) frames.push([]);
    frames.at(-1)?.push(fragment);
  }
  return frames;
}

/** Extended Offset Table (7FE0,0001): 64-bit, for pixel data beyond four gigabytes. */
function extendedOffsets(dataSet: DataSet): number[] | undefined {
  const element = dataSet.elements['x7fe00001'];
  if (!element || element.length < 8 || element.dataOffset + element.length > dataSet.byteArray.length) {
    return undefined;
  }
  const { buffer, byteOffset } = dataSet.byteArray;
  const view = new DataView(buffer, byteOffset + element.dataOffset, element.length);
  return Array.from({ length: Math.floor(element.length / 8) }, (_, i) =>
    Number(view.getBigUint64(i * 8, true)),
  );
}

/** JPEG's start of image, or JPEG 2000's start of codestream and SIZ. */
function startsImage(bytes: Uint8Array, at: number): boolean {
  const [a, b, c] = bytes.subarray(at, at + 3);
  return a === 0xff && ((b === 0xd8 && c === 0xff) || (b === 0x4f && c === 0xff));
}
