import { SaltError } from '../../protocol/errors.ts';
import { segDataset } from './seg-dataset.ts';
import type { SegEntry } from './seg-dataset.ts';
import type { EncodedSeg, SegInput } from './seg-input.ts';
import { SEGMENTATION_STORAGE } from './sop-classes.ts';
import { EXPLICIT_LITTLE_ENDIAN } from './transfer-syntax.ts';
import { newUid } from './uid.ts';

/** This software as a writer of files, under 2.25 like every UID it makes. */
const IMPLEMENTATION_CLASS_UID = '2.25.190337253180498013271549076117542061312';

/**
 * Writes a binary DICOM segmentation (Segmentation Storage, explicit VR little endian): one frame for each mask,
 * bit-packed, each referring to the frame it was drawn on. The frame of reference is the source's, where it has
 * one with positions; projections and photographs have none, and need none.
 *
 * @throws SaltError INVALID_ARGUMENT when there is nothing to write or masks, sizes or studies do not fit together.
 */
export async function writeSeg(input: SegInput): Promise<EncodedSeg> {
  const entries = collect(input);
  const { data } = await import('dcmjs');
  const { DicomDict, DicomMetaDictionary } = data;
  const uids = { sopInstanceUid: newUid(), seriesInstanceUid: newUid() };
  const file = new DicomDict(
    DicomMetaDictionary.denaturalizeDataset({
      FileMetaInformationVersion: Uint8Array.of(0, 1).buffer,
      MediaStorageSOPClassUID: SEGMENTATION_STORAGE,
      MediaStorageSOPInstanceUID: uids.sopInstanceUid,
      TransferSyntaxUID: EXPLICIT_LITTLE_ENDIAN,
      ImplementationClassUID: IMPLEMENTATION_CLASS_UID,
      ImplementationVersionName: 'OHIF_SALT',
      _vrMap: { FileMetaInformationVersion: 'OB' },
    }),
  );
  file.dict = DicomMetaDictionary.denaturalizeDataset(segDataset(input, entries, uids));
  return { bytes: new Uint8Array(file.write()), ...uids };
}

/** Segment by segment, frames in the order given. */
function collect({ segments, frames }: SegInput): [SegEntry, ...SegEntry[]] {
  const reject = (reason: string) => new SaltError('INVALID_ARGUMENT', `A segmentation ${reason}.`);
  const [first] = frames;
  if (segments.length === 0 || !first) throw reject('needs at least one segment and one frame');
  for (const { source, frameNumber, masks } of frames) {
    const { fileName, width, height, frameCount, identity } = source;
    if (masks.length !== segments.length)
      throw reject(`needs a mask for each of its ${segments.length} segments`);
    if (!Number.isInteger(frameNumber) || frameNumber < 1 || frameNumber > frameCount) {
      throw reject(`cannot refer to frame ${frameNumber} of ${fileName}, which has ${frameCount}`);
    }
    if (width !== first.source.width || height !== first.source.height)
      throw reject('needs sources of one size');
    if (identity.studyInstanceUid !== first.source.identity.studyInstanceUid) {
      throw reject(`cannot span two studies (${first.source.fileName} and ${fileName})`);
    }
    const misfit = masks.find((mask) => mask && (mask.width !== width || mask.height !== height));
    if (misfit) {
      throw reject(
        `needs masks of its source's size, ${width} x ${height}, not ${misfit.width} x ${misfit.height}`,
      );
    }
  }
  const [entry, ...others] = segments.flatMap((_, segment) =>
    frames.flatMap(({ source, frameNumber, masks }) => {
      const mask = masks[segment];
      return mask ? [{ source, frameNumber, segment, mask }] : [];
    }),
  );
  if (!entry) throw reject('needs at least one mask');
  return [entry, ...others];
}
