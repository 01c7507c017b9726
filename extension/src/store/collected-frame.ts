import { z } from 'zod';
import type { FramePixels, MaskPixels } from '../../../src/protocol/frames.ts';
import type { FrameRef } from '../host/viewer.ts';

export type Role = 'train' | 'heldOut';

/** A frame of the training set: where it comes from, its pixels and the masks that a person approved. */
export interface CollectedFrame {
  /** See `frameId`. */
  readonly id: string;
  readonly ref: FrameRef;
  readonly seriesDescription: string;
  readonly modality: string;
  /** Frames of one patient share it. */
  readonly group: string;
  readonly frame: FramePixels;
  /** One for each word that was looked for. An empty mask says: it is not there. */
  readonly masks: readonly { readonly word: string; readonly mask: MaskPixels }[];
  /** Set by hand; otherwise `assignRoles` decides. */
  readonly chosenRole?: Role;
  /** ISO 8601; the order of the set. */
  readonly collectedAt: string;
}

/** Names a frame within the set: SOP instance UID and one-based frame number. */
export function frameId(ref: FrameRef): string {
  return `${ref.sopInstanceUid}#${ref.frameNumber}`;
}

const side = z.int().min(1).max(65535);

const maskSchema = z
  .object({ width: side, height: side, data: z.instanceof(Uint8Array) })
  .refine(({ width, height, data }) => data.length === width * height, 'a mask of the wrong length');

const frameSchema = z
  .object({
    width: side,
    height: side,
    channels: z.literal([1, 3]),
    values: z.union([
      z.instanceof(Uint8Array),
      z.instanceof(Uint16Array),
      z.instanceof(Int16Array),
      z.instanceof(Int32Array),
      z.instanceof(Float32Array),
    ]),
    window: z.object({ lower: z.number(), upper: z.number() }).exactOptional(),
    inverted: z.boolean().exactOptional(),
  })
  .refine(
    ({ width, height, channels, values }) => values.length === width * height * channels,
    'a frame of the wrong length',
  );

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
    seriesDescription: z.string(),
    modality: z.string(),
    group: z.string(),
    frame: frameSchema,
    masks: z.array(z.object({ word: z.string().min(1), mask: maskSchema })),
    chosenRole: z.enum(['train', 'heldOut']).exactOptional(),
    collectedAt: z.string(),
  })
  .refine(
    ({ frame, masks }) =>
      masks.every(({ mask }) => mask.width === frame.width && mask.height === frame.height),
    'a mask of another size than its frame',
  );
