import type { EncodedSeg } from '../../../src/imaging/seg.ts';
import { SaltError } from '../../../src/protocol/errors.ts';
import { download, showSeries, storeInArchive } from './archive.ts';
import { isAttributes, textOf } from './attributes.ts';
import { isPainted } from './fingerprint.ts';
import { maskOf } from './labelmaps.ts';
import type { Labelmaps } from './labelmaps.ts';
import type { Attributes, OhifSegmentation } from './ohif-types.ts';
import type { Host } from './open-host.ts';
import { colourOnScreen, segmentsOf } from './segmentations.ts';
import { nextSeriesNumber } from './series.ts';
import type { OpenSeries, SeriesCatalogue } from './series.ts';
import type { Unsent } from './unsent.ts';
import type { FrameRef, SaveRequest, SavedSegmentation } from './viewer.ts';

/** Segmentations come after what they were drawn on. */
const FIRST_SERIES_NUMBER = 900;

/**
 * Writes a segmentation as DICOM SEG and stores it in the archive that the study came from; where it came from none, the
 * file goes to the browser's downloads. One file is of one size of images (PS3.3 C.7.6.3), and the viewer shows one of each
 * series: single images of several sizes make several of both.
 *
 * @param unsent the files that an earlier save left over
 * @throws SaltError INVALID_ARGUMENT when nothing is painted or a segment has no code; SAVE_FAILED, SAVE_UNANSWERED from the archive.
 */
export async function saveSegmentation(
  host: Host,
  catalogue: SeriesCatalogue,
  labelmaps: Labelmaps,
  unsent: Unsent<EncodedSeg>,
  request: SaveRequest,
): Promise<SavedSegmentation> {
  const segmentation = labelmaps.segmentation(request.segmentationId);
  const painted = paintedImages(labelmaps, segmentation);
  const open = painted[0] === undefined ? undefined : catalogue.ofImage(painted[0]);
  if (!open) {
    throw new SaltError('INVALID_ARGUMENT', 'Nothing is painted yet. Paint or segment a frame, then save.');
  }
  const segments = describeSegments(host, segmentation, request);
  const frames = painted.flatMap((imageId) => {
    const frame = open.series.frames[open.imageIds.indexOf(imageId)];
    if (!frame) return [];
    const masks = segments.map(({ index }) => {
      const { label, imageIdOf } = labelmaps.layerOf(segmentation, index);
      const labelmap = labelmaps.get(imageIdOf.get(imageId));
      const mask = labelmap && maskOf(labelmap, label);
      return mask?.data.includes(1) === true ? mask : undefined;
    });
    return [{ source: sourceOf(open, frame), frameNumber: frame.frameNumber, masks }];
  });

  const { encodeSegFromMetadata } = await import('../../../src/imaging/seg.ts');
  const creator = nameOfUser(host);
  const inStudy = host.services.displaySetService
    .getActiveDisplaySets()
    .filter(({ StudyInstanceUID }) => StudyInstanceUID === open.series.studyInstanceUid);
  const seriesNumber = nextSeriesNumber(inStudy, FIRST_SERIES_NUMBER);
  // All of them before the first is stored: what cannot be written stores nothing.
  const encode = async (): Promise<readonly EncodedSeg[]> => {
    const files: EncodedSeg[] = [];
    for (const [n, group] of bySize(frames).entries()) {
      const file = await encodeSegFromMetadata({
        segments: segments.map(({ input }) => input),
        frames: group,
        seriesDescription: request.description,
        seriesNumber: seriesNumber + n,
        softwareVersion: request.algorithm.version,
        ...(creator !== '' && { contentCreator: creator }),
      });
      files.push(file);
    }
    return files;
  };

  const downloads: string[] = [];
  const listed: boolean[] = [];
  const send = async ({ bytes, seriesInstanceUid }: EncodedSeg, n: number): Promise<void> => {
    const { studyInstanceUid } = open.series;
    const instance = { part10: bytes.buffer, studyInstanceUid, seriesInstanceUid };
    if (await storeInArchive(host, instance)) {
      listed.push(await showSeries(host, instance));
    } else {
      const name = fileNameOf(request.description, n);
      download(instance.part10, name);
      downloads.push(name);
    }
  };
  const shown = painted.map((imageId) => labelmaps.fingerprint(segmentation, imageId));
  const files = await unsent.send(JSON.stringify([request, segments, painted, shown]), encode, send);
  return {
    sopInstanceUids: files.map(({ sopInstanceUid }) => sopInstanceUid),
    bytes: files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
    frames: frames.length,
    ...(downloads.length > 0 && { downloadedAs: downloads.join(', ') }),
    ...(listed.includes(false) && { notListedYet: true }),
  };
}

function bySize<F extends { readonly source: Attributes }>(frames: readonly F[]): readonly F[][] {
  const groups = new Map<string, F[]>();
  for (const frame of frames) {
    const size = `${textOf(frame.source, 'Columns')} x ${textOf(frame.source, 'Rows')}`;
    groups.set(size, [...(groups.get(size) ?? []), frame]);
  }
  return [...groups.values()];
}

/** Images of the series with any pixel of any segment, in the order of the labelmap. */
export function paintedImages(labelmaps: Labelmaps, segmentation: OhifSegmentation): string[] {
  const painted = labelmaps.imageIds(segmentation).flatMap((imageId) => {
    const labelmap = labelmaps.get(imageId);
    const referenced = labelmap && isPainted(labelmap.labels) ? labelmaps.referenced(imageId) : undefined;
    return referenced === undefined ? [] : [referenced];
  });
  return [...new Set(painted)];
}

function describeSegments(host: Host, segmentation: OhifSegmentation, { segments, algorithm }: SaveRequest) {
  return segmentsOf(segmentation).map(({ index, label }) => {
    const about = segments.find((segment) => segment.index === index);
    if (!about) {
      throw new SaltError(
        'INVALID_ARGUMENT',
        `The segment "${label}" has no code. Say what it is, then save.`,
      );
    }
    const { code: property, algorithmType } = about;
    const colour = colourOnScreen(host, segmentation.segmentationId, index);
    return {
      index,
      input: {
        label,
        property,
        algorithmType,
        ...(algorithmType !== 'MANUAL' && { algorithm }),
        ...(colour && { colour }),
      },
    };
  });
}

/** The image's own attributes: those that cornerstone gives for a frame have invented positions among them. */
export function findSource({ displaySet }: OpenSeries, { sopInstanceUid }: FrameRef): Attributes | undefined {
  return displaySet.instances?.find((instance) => textOf(instance, 'SOPInstanceUID') === sopInstanceUid);
}

function sourceOf(open: OpenSeries, frame: FrameRef): Attributes {
  const found = findSource(open, frame);
  if (found) return found;
  throw new SaltError('VIEWER_STATE', 'The viewer no longer knows the painted image. Open its study again.');
}

/** As DICOM writes names; '' where nobody is signed in. */
function nameOfUser({ services }: Host): string {
  const user = services.userAuthenticationService?.getUser?.();
  const profile = isAttributes(user) ? user['profile'] : undefined;
  if (!isAttributes(profile)) return '';
  const family = textOf(profile, 'family_name');
  const given = textOf(profile, 'given_name');
  const name = family === '' ? textOf(profile, 'name') : `${family}^${given}`;
  return name.replaceAll(/[\\=]/gu, ' ').replace(/\^$/u, '').slice(0, 64);
}

/** @param n from 0 */
function fileNameOf(description: string, n: number): string {
  const name = description
    .trim()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/gu, '')
    .toLowerCase();
  return `${name === '' ? 'segmentation' : name}${n > 0 ? `-${n + 1}` : ''}.dcm`;
}
