/**
 * Frames and masks as panel and back ends exchange them: pixels only, no patient, no UIDs; and what is checked of them
 * where they come out of a browser's store or a file.
 */
import { z } from 'zod';

/** One frame as it is stored, and how it is shown. */
export interface FramePixels {
  readonly width: number;
  readonly height: number;
  /** 1 (grey) or 3 (RGB, interleaved, 0 to 255). */
  readonly channels: 1 | 3;
  /** Row-major, `height * width * channels`, after the modality LUT; never NaN where a frame is trained on. */
  readonly values: Uint8Array | Uint16Array | Int16Array | Int32Array | Float32Array;
  /** Grey values that are shown black and white. Without it, percentiles of the frame's own values are taken. */
  readonly window?: { readonly lower: number; readonly upper: number };
  /** Whether low values are shown bright (MONOCHROME1). */
  readonly inverted?: boolean;
  /**
   * What stands still in the run that a grey frame is of, as the levels that are shown, 0 (black) to 255 (white), row-major: a model that was
   * taught so sees the frame less it.
   */
  readonly background?: Uint8Array;
}

/** Without the still background of its run. */
export function asItIs({ background: _, ...frame }: FramePixels): FramePixels {
  return frame;
}

export type FrameSize = Pick<FramePixels, 'width' | 'height'>;

/** A binary mask of a frame's size, row-major: 1 = the structure, 0 = not. */
export interface MaskPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** One for each word that was looked for in a frame. An empty mask says: it is not there. */
export interface WordMask {
  readonly word: string;
  readonly mask: MaskPixels;
}

/** Whether a frame is learned from, or kept to measure what was learned. */
export type Role = 'train' | 'heldOut';

/** A rectangle of a frame's pixels: whole numbers, all of it inside the frame, at least one pixel. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A frame with what is known of it. */
export interface Annotation {
  /** Unique within a run; it goes into the adapter as a salted hash. */
  readonly id: string;
  readonly frame: FramePixels;
  readonly masks: readonly WordMask[];
  /** Whether the masks are a model's that a person corrected, rather than painted by hand: their rims can be trusted. */
  readonly drafted?: true;
  /**
   * The part of the frame that the masks speak of: what lies outside is neither learnt from nor judged by. Without it
   * the whole frame.
   */
  readonly region?: Region;
  /** Frames of one patient share it, so that they are held out together. */
  readonly group?: string;
  readonly role: Role;
}

const side = z.int().min(1).max(65_535);

export const framePixelsSchema: z.ZodType<FramePixels> = z
  .strictObject({
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
    window: z.strictObject({ lower: z.number(), upper: z.number() }).exactOptional(),
    inverted: z.boolean().exactOptional(),
    background: z.instanceof(Uint8Array).exactOptional(),
  })
  .refine(
    ({ width, height, channels, values }) => values.length === width * height * channels,
    'a frame has as many values as its size says',
  )
  .refine(
    ({ channels, values, background }) =>
      !background || (channels === 1 && background.length === values.length),
    'a background is as large as its frame, which is grey',
  );

const maskPixelsSchema: z.ZodType<MaskPixels> = z
  .strictObject({ width: side, height: side, data: z.instanceof(Uint8Array) })
  .refine(
    ({ width, height, data }) => data.length === width * height,
    'a mask has as many values as its size says',
  );

export const wordMaskSchema: z.ZodType<WordMask> = z.strictObject({
  word: z.string().min(1),
  mask: maskPixelsSchema,
});

export const roleSchema: z.ZodType<Role> = z.enum(['train', 'heldOut']);

const regionSchema: z.ZodType<Region> = z.strictObject({
  left: z.int().min(0),
  top: z.int().min(0),
  width: side,
  height: side,
});

export const annotationSchema: z.ZodType<Annotation> = z
  .strictObject({
    id: z.string().min(1),
    frame: framePixelsSchema,
    masks: z.array(wordMaskSchema),
    drafted: z.literal(true).exactOptional(),
    region: regionSchema.exactOptional(),
    group: z.string().exactOptional(),
    role: roleSchema,
  })
  .refine(
    ({ frame, region }) =>
      !region || (region.left + region.width <= frame.width && region.top + region.height <= frame.height),
    'a region lies inside its frame',
  )
  .refine(
    ({ frame, masks }) =>
      masks.every(({ mask }) => mask.width === frame.width && mask.height === frame.height),
    'a mask is as large as its frame',
  );
