/** Frames and masks as panel and back ends exchange them: pixels only, no patient, no UIDs. */

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
}

/** A binary mask of a frame's size, row-major: 1 = the structure, 0 = not. */
export interface MaskPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A frame with a mask for each word that was looked for in it. An empty mask says: it is not there. */
export interface Annotation {
  /** Unique within a run; it goes into the adapter as a salted hash. */
  readonly id: string;
  readonly frame: FramePixels;
  readonly masks: readonly { readonly word: string; readonly mask: MaskPixels }[];
  /** Frames of one patient share it, so that they are held out together. */
  readonly group?: string;
  readonly role: 'train' | 'heldOut';
}
