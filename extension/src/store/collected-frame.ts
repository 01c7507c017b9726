import { z } from 'zod';
import { framePixelsSchema, roleSchema, wordMaskSchema } from '../../../src/protocol/frames.ts';
import type { FramePixels, Role, WordMask } from '../../../src/protocol/frames.ts';
import type { SourceAttributes } from '../../../src/imaging/dicom/source-attributes.ts';
import type { FrameRef } from '../host/viewer.ts';

/** A frame of the training set: where it comes from, its pixels and the masks that a person approved. */
export interface CollectedFrame {
  /** See `frameId`. */
  readonly id: string;
  readonly ref: FrameRef;
  /** From 1, in its series as it was shown; missing in frames that were collected before it was kept. */
  readonly position?: number;
  readonly seriesDescription: string;
  readonly modality: string;
  /** Frames of one patient share it. */
  readonly group: string;
  readonly frame: FramePixels;
  /** What a segmentation says of the image; missing in frames that were collected before it was kept. */
  readonly source?: SourceAttributes;
  readonly masks: readonly WordMask[];
  /** Whether the masks began as a model's draft or result, which the person then corrected. */
  readonly drafted?: true;
  /** Whether only a part of the frame was painted, so that what lies beside it says nothing. */
  readonly paintedPartOnly?: true;
  /** Set by hand; otherwise `assignRoles` decides. */
  readonly chosenRole?: Role;
  /** ISO 8601; the order of the set. */
  readonly collectedAt: string;
}

/** Names a frame within the set: SOP instance UID and one-based frame number. */
export function frameId(ref: FrameRef): string {
  return `${ref.sopInstanceUid}#${ref.frameNumber}`;
}

/** Which frame of its series people know it as. Where each image has one frame, DICOM calls all of them the first. */
export function positionOf({ position, ref }: Pick<CollectedFrame, 'position' | 'ref'>): number {
  return position ?? ref.frameNumber;
}

/** What its pixels and masks take in storage. */
export function bytesOf({ frame, masks }: CollectedFrame): number {
  const bytes = frame.values.byteLength + (frame.background?.byteLength ?? 0);
  return masks.reduce((sum, { mask }) => sum + mask.data.byteLength, bytes);
}

/** What a stored record must be to be used; others are left out. */
export const collectedFrameSchema = z
  .object({
    id: z.string().min(1),
    ref: z.object({
      studyInstanceUid: z.string(),
      seriesInstanceUid: z.string(),
      sopInstanceUid: z.string(),
      frameNumber: z.int().min(1),
    }),
    position: z.int().min(1).exactOptional(),
    seriesDescription: z.string(),
    modality: z.string(),
    group: z.string(),
    frame: framePixelsSchema,
    source: z.record(z.string(), z.string()).exactOptional(),
    masks: z.array(wordMaskSchema),
    drafted: z.literal(true).exactOptional(),
    paintedPartOnly: z.literal(true).exactOptional(),
    chosenRole: roleSchema.exactOptional(),
    collectedAt: z.string(),
  })
  .refine(
    ({ frame, masks }) =>
      masks.every(({ mask }) => mask.width === frame.width && mask.height === frame.height),
    'a mask of another size than its frame',
  );
