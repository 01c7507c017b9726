import { SaltError } from '../../../src/protocol/errors.ts';
import type { FrameSize } from '../../../src/protocol/frames.ts';
import { isAttributes, numberOf, textOf } from './attributes.ts';
import type { Attributes, DisplaySet } from './ohif-types.ts';
import type { Host } from './open-host.ts';
import type { FrameRef, Series } from './viewer.ts';

/** What lies on images rather than being one. */
const NOT_IMAGES = new Set(['SEG', 'RTSTRUCT', 'RTDOSE', 'SR', 'PR', 'KO', 'DOC', 'ECG', 'M3D', 'PMAP']);

/** A series with the images that cornerstone shows for its frames. */
export interface OpenSeries {
  readonly series: Series;
  readonly displaySet: DisplaySet;
  /** One for each frame. */
  readonly imageIds: readonly string[];
  /** Place of a frame in both, by `frameKey`. */
  readonly indexOf: ReadonlyMap<string, number>;
}

export function frameKey({ sopInstanceUid, frameNumber }: FrameRef): string {
  return `${sopInstanceUid} ${frameNumber}`;
}

/** The series of the viewer. What is known of a display set is kept for as long as its list of images is. */
export class SeriesCatalogue {
  readonly #host: Host;
  readonly #known = new WeakMap<readonly string[], OpenSeries>();

  constructor(host: Host) {
    this.#host = host;
  }

  all(): readonly OpenSeries[] {
    const { displaySetService } = this.#host.services;
    return displaySetService.getActiveDisplaySets().flatMap((displaySet) => this.#open(displaySet) ?? []);
  }

  /** @throws SaltError VIEWER_STATE when the viewer has no such series any more. */
  find(seriesId: string): OpenSeries {
    const found = this.get(seriesId);
    if (found) return found;
    throw new SaltError('VIEWER_STATE', 'The series is no longer open in the viewer. Open its study again.');
  }

  get(seriesId: string): OpenSeries | undefined {
    const displaySet = this.#host.services.displaySetService.getDisplaySetByUID(seriesId);
    return displaySet && this.#open(displaySet);
  }

  /** @throws SaltError VIEWER_STATE when no open series has the frame. */
  ofFrame(frame: FrameRef): { readonly open: OpenSeries; readonly index: number; readonly imageId: string } {
    const key = frameKey(frame);
    for (const open of this.all()) {
      if (open.series.seriesInstanceUid !== frame.seriesInstanceUid) continue;
      const index = open.indexOf.get(key);
      const imageId = index === undefined ? undefined : open.imageIds[index];
      if (index !== undefined && imageId !== undefined) return { open, index, imageId };
    }
    throw new SaltError(
      'VIEWER_STATE',
      'This frame belongs to no series that is open in the viewer. Open its study again.',
    );
  }

  /** The series that has this image. */
  ofImage(imageId: string): OpenSeries | undefined {
    return this.all().find(({ imageIds }) => imageIds.includes(imageId));
  }

  #open(displaySet: DisplaySet): OpenSeries | undefined {
    const { imageIds } = displaySet;
    if (!imageIds || imageIds.length === 0 || NOT_IMAGES.has(displaySet.Modality ?? '')) return undefined;
    const known = this.#known.get(imageIds);
    if (known?.imageIds.length === imageIds.length) return known;
    const opened = this.#read(displaySet, [...imageIds]);
    if (opened) this.#known.set(imageIds, opened);
    return opened;
  }

  /** Frames of an image with several come one after another, so a frame's number is how often its image came before. */
  #read(displaySet: DisplaySet, imageIds: readonly string[]): OpenSeries | undefined {
    const { StudyInstanceUID: studyInstanceUid, SeriesInstanceUID: seriesInstanceUid } = displaySet;
    const seen = new Map<string, number>();
    const frames: FrameRef[] = [];
    let patientId = '';
    let frameSize: FrameSize | undefined;
    for (const imageId of imageIds) {
      const instance = this.#host.core.metaData.get('instance', imageId);
      const sopInstanceUid = isAttributes(instance) ? textOf(instance, 'SOPInstanceUID') : '';
      // The viewer is still reading the study.
      if (!isAttributes(instance) || sopInstanceUid === '') return undefined;
      const frameNumber = (seen.get(sopInstanceUid) ?? 0) + 1;
      seen.set(sopInstanceUid, frameNumber);
      patientId ||= textOf(instance, 'PatientID');
      frameSize ??= sizeOf(instance);
      frames.push({ studyInstanceUid, seriesInstanceUid, sopInstanceUid, frameNumber });
    }
    return {
      series: {
        id: displaySet.displaySetInstanceUID,
        studyInstanceUid,
        seriesInstanceUid,
        description: describe(displaySet),
        modality: displaySet.Modality ?? '',
        patientId,
        frames,
        ...(frameSize && { frameSize }),
      },
      displaySet,
      imageIds,
      indexOf: new Map(frames.map((frame, index) => [frameKey(frame), index])),
    };
  }
}

/** DICOM lets the description be empty: people know such a series by its modality and number. */
function describe({ SeriesDescription, Modality, SeriesNumber }: DisplaySet): string {
  return SeriesDescription?.trim() || [Modality, SeriesNumber].filter(Boolean).join(' ');
}

function sizeOf(instance: Attributes): FrameSize | undefined {
  const [width, height] = [numberOf(instance, 'Columns'), numberOf(instance, 'Rows')];
  return width !== undefined && height !== undefined ? { width, height } : undefined;
}

/** The number that the next series of derived objects in a study may have. */
export function nextSeriesNumber(displaySets: readonly DisplaySet[], first: number): number {
  const taken = displaySets.map(({ SeriesNumber }) => numberOf({ SeriesNumber }, 'SeriesNumber') ?? 0);
  return Math.max(first, ...taken.filter((number) => number < 2 ** 31 - 1).map((number) => number + 1));
}
