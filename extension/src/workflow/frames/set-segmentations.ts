import { propertyOf } from '../../../../src/imaging/dicom/code.ts';
import type { SegmentedProperty } from '../../../../src/imaging/dicom/code.ts';
import type { CollectedFrame } from '../../store/collected-frame.ts';
import { countPixels } from '../masks/masks.ts';

/** Codes of words by lower case, before those that are known; and the version of this software. */
export interface SegmentationWriter {
  readonly codes: Readonly<Record<string, SegmentedProperty>>;
  readonly version: string;
}

const DESCRIPTION = 'SALT training frames';

export interface SetSegmentations {
  readonly files: readonly Uint8Array[];
  /** Series that could not be written, because what their images say of themselves does not fit together. */
  readonly leftOut: readonly { readonly seriesDescription: string; readonly reason: string }[];
}

/** The set leaves the archive, and the patient stays there (PS3.3 C.7.1.1, C.12.1.1.1). */
const NOBODY = {
  PatientIdentityRemoved: 'YES',
  DeidentificationMethod: 'Patient and study attributes left out',
};

/**
 * The masks of a set as DICOM SEG, one file for each series, which refer to their images by UID and name no patient. Series of
 * frames that were collected before their attributes were kept, or without any paint, have none. One series that cannot be
 * written does not keep the others from it.
 */
export async function setSegmentations(
  frames: readonly CollectedFrame[],
  writer: SegmentationWriter,
): Promise<SetSegmentations> {
  const bySeries = new Map<string, CollectedFrame[]>();
  for (const collected of frames) {
    const { ref, frame, source } = collected;
    if (!source?.['SOPClassUID']) continue;
    const key = `${ref.seriesInstanceUid} ${frame.width}x${frame.height}`;
    bySeries.set(key, [...(bySeries.get(key) ?? []), collected]);
  }
  const painted = [...bySeries.values()].filter((ofSeries) => wordsOf(ofSeries).length > 0);
  const files: Uint8Array[] = [];
  const leftOut: SetSegmentations['leftOut'][number][] = [];
  for (const ofSeries of painted) {
    try {
      files.push(await encodeSeries(ofSeries, writer));
    } catch (error) {
      const seriesDescription = ofSeries[0]?.seriesDescription ?? '';
      leftOut.push({ seriesDescription, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { files, leftOut };
}

async function encodeSeries(
  frames: readonly CollectedFrame[],
  { codes, version }: SegmentationWriter,
): Promise<Uint8Array> {
  // With dcmjs, which nothing else of an export needs.
  const { encodeSegFromMetadata } = await import('../../../../src/imaging/seg.ts');
  const words = wordsOf(frames);
  const byMachine = frames.some(({ drafted }) => drafted);
  const { bytes } = await encodeSegFromMetadata({
    segments: words.map((word) => ({
      label: word,
      property: propertyOf(word, codes),
      ...(byMachine
        ? { algorithmType: 'SEMIAUTOMATIC', algorithm: { name: 'SALT', version } }
        : { algorithmType: 'MANUAL' }),
    })),
    frames: frames.map((collected) => ({
      source: datasetOf(collected),
      frameNumber: collected.ref.frameNumber,
      masks: words.map((word) => collected.masks.find((other) => other.word === word)?.mask),
    })),
    seriesDescription: DESCRIPTION,
    softwareVersion: version,
  });
  return bytes;
}

/** Words of which any pixel is painted. */
function wordsOf(frames: readonly CollectedFrame[]): readonly string[] {
  const painted = frames.flatMap(({ masks }) => masks.filter(({ mask }) => countPixels(mask) > 0));
  return [...new Set(painted.map(({ word }) => word))];
}

function datasetOf({ ref, frame, source }: CollectedFrame): Readonly<Record<string, unknown>> {
  return {
    ...source,
    ...NOBODY,
    StudyInstanceUID: ref.studyInstanceUid,
    SeriesInstanceUID: ref.seriesInstanceUid,
    SOPInstanceUID: ref.sopInstanceUid,
    Columns: frame.width,
    Rows: frame.height,
  };
}
