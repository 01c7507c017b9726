import { deflateSync, inflateSync } from 'fflate';
import { z } from 'zod';
import type { MaskPixels } from '../../../src/protocol/frames.ts';
import type { FrameRef } from '../host/viewer.ts';
import { collectedFrameSchema } from './collected-frame.ts';

/** What a model has to do with the masks of a frame: they are as it wrote them, or a person has corrected them since. */
export type Origin = z.infer<typeof originSchema>;

const originSchema = z.enum(['asWritten', 'corrected']);

/**
 * The masks of one frame of a segmentation that is in the viewer but not in the archive, kept for the case that the page
 * closes or the study is left before it is saved.
 */
export interface UnsavedFrame {
  /** Names the record. */
  readonly id: string;
  /** Records of one segmentation share it; another visit's never has it. */
  readonly segmentation: string;
  /** The segmentation's name in the viewer's list. */
  readonly label: string;
  readonly ref: FrameRef;
  /** One for each segment, by index. */
  readonly masks: readonly PackedMask[];
  /** What a model has to do with them; missing where they are a person's own. */
  readonly origin?: Origin;
  /** ISO 8601; when they were kept. */
  readonly keptAt: string;
}

interface PackedMask {
  readonly index: number;
  readonly word: string;
  readonly width: number;
  readonly height: number;
  /** `width * height` bytes of 0 and 1, by DEFLATE. */
  readonly deflated: Uint8Array;
}

/** A frame with more pixels is none that this viewer has shown. */
const MOST_PIXELS = 2 ** 28;

const packedMaskSchema = z
  .object({
    index: z.int().min(1),
    word: z.string(),
    width: z.int().min(1),
    height: z.int().min(1),
    deflated: z.instanceof(Uint8Array),
  })
  .refine(({ width, height }) => width * height <= MOST_PIXELS, 'a mask that is too large');

/** What a stored record must be to be used; others are left out. */
export const unsavedFrameSchema = z.object({
  id: z.string().min(1),
  segmentation: z.string().min(1),
  label: z.string(),
  ref: collectedFrameSchema.shape.ref,
  masks: z.array(packedMaskSchema),
  origin: originSchema.exactOptional(),
  keptAt: z.iso.datetime(),
});

export function packMask(index: number, word: string, { width, height, data }: MaskPixels): PackedMask {
  return { index, word, width, height, deflated: deflateSync(data, { level: 1 }) };
}

/** @throws Error when the bytes are not what was packed */
export function unpackMask({ width, height, deflated }: PackedMask): MaskPixels {
  const data = inflateSync(deflated, { out: new Uint8Array(width * height) });
  if (data.length !== width * height) throw new Error('a stored mask is not of the size that it states');
  return { width, height, data };
}
