import type { DataSet } from 'dicom-parser';
import { TAIL, percentiles } from '../percentiles.ts';
import { NO_RESCALE, applyWindow } from '../window.ts';
import type { GreyRange, Rescale } from '../window.ts';
import { decimal, functionalGroup, signed16, unsigned16 } from './data-set.ts';
import type { ImagePixel } from './image-pixel.ts';
import { applyTable, modalityTable, voiTable } from './lookup-table.ts';
import type { LookupTable } from './lookup-table.ts';
import type { StoredPixels } from './stored.ts';

/**
 * Stored grey values to [0, 255]: modality rescale or look-up table, then the file's first window taken as linear (PS3.3
 * C.11.2.1.2.1), or else its first VOI look-up table, or else percentiles of the frame; MONOCHROME1 inverted.
 *
 * @returns the pixels, and how they came about in words.
 * @throws Error when a table is too short
 */
export function toGrey(
  stored: StoredPixels,
  image: ImagePixel,
  dataSet: DataSet,
  frameNumber: number,
): { readonly pixels: Float32Array; readonly intensity: string } {
  const modality = modalityTable(dataSet, image.signed);
  const rescale = modality ? NO_RESCALE : readRescale(dataSet, frameNumber);
  const values = modality ? applyTable(stored.values, modality) : stored.values;
  const { slope, intercept } = rescale;
  const inverted = stored.photometric === 'MONOCHROME1';
  const window = readWindow(dataSet, frameNumber);
  const voi = window ? undefined : voiTable(dataSet, image.signed || intercept < 0);
  const seen = voi
    ? applyTable(
        Float32Array.from(values, (value) => value * slope + intercept),
        voi,
      )
    : values;
  const range = voi
    ? rangeOfTable(voi)
    : (window ?? fallbackRange({ ...stored, values }, image, rescale, dataSet, modality !== undefined));
  const pixels = applyWindow(seen, voi ? NO_RESCALE : rescale, range, inverted);
  const steps = [
    ...(modality ? ['modality look-up table'] : []),
    ...(slope === 1 && intercept === 0 ? [] : [`rescaled by ${slope} and ${intercept}`]),
    range.words,
    ...(inverted ? ['MONOCHROME1 inverted'] : []),
  ];
  return { pixels, intensity: steps.join(', ') };
}

/** Values that become black and white, and where they come from. */
interface Range extends GreyRange {
  readonly words: string;
}

function readRescale(dataSet: DataSet, frameNumber: number): Rescale {
  const group = functionalGroup(dataSet, frameNumber, 'x00289145') ?? dataSet;
  const slope = decimal(group, 'x00281053') ?? 1;
  return { slope: slope === 0 ? 1 : slope, intercept: decimal(group, 'x00281052') ?? 0 };
}

function readWindow(dataSet: DataSet, frameNumber: number): Range | undefined {
  const group = functionalGroup(dataSet, frameNumber, 'x00289132') ?? dataSet;
  const centre = decimal(group, 'x00281050');
  const width = decimal(group, 'x00281051');
  if (centre === undefined || width === undefined || width < 1) return undefined;
  const low = centre - 0.5 - (width - 1) / 2;
  return { low, high: low + width - 1, words: `window ${centre}/${width} from the file` };
}

/** All that the table can give, whatever bits it declares: some declare more than they use. */
function rangeOfTable({ entries }: LookupTable): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const entry of entries) {
    low = Math.min(low, entry);
    high = Math.max(high, entry);
  }
  return { low, high, words: 'VOI look-up table from the file' };
}

function fallbackRange(
  stored: StoredPixels,
  image: ImagePixel,
  rescale: Rescale,
  dataSet: DataSet,
  throughTable: boolean,
): Range {
  if (stored.bits <= 8 && !image.signed && !throughTable) {
    const ends = [0, 2 ** stored.bits - 1].map((value) => value * rescale.slope + rescale.intercept);
    return { low: Math.min(...ends), high: Math.max(...ends), words: `${stored.bits}-bit values as stored` };
  }
  // Padding is a stored value.
  const padding = throughTable ? undefined : (image.signed ? signed16 : unsigned16)(dataSet, 'x00280120');
  const ends = percentiles(stored.values, padding).map((value) => value * rescale.slope + rescale.intercept);
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  return { low, high, words: `percentiles ${TAIL} to ${100 - TAIL} of the frame (${low} to ${high})` };
}
