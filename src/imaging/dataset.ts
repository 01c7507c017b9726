import type { Frame, Mask } from './frame.ts';

/** One annotated frame. Nothing is read until a loader is called, and nothing is kept after it. */
export interface Sample {
  /** Unique within the data set: the image's stem, with `#N` for frame N of a multi-frame file. */
  readonly id: string;
  loadFrame(): Promise<Frame>;
  /** The structure, of the frame's size. */
  loadMask(): Promise<Mask>;
  /** Where the frame shows anything at all, of the frame's size; absent when the data set does not say. */
  readonly loadFieldOfView?: () => Promise<Mask>;
  /** Samples of one patient or study share it, so that a split never divides them; absent when not known. */
  readonly group?: string;
  /** As the data set names it, e.g. `train`, `val`, `test`. */
  readonly split?: string;
}

export interface Dataset {
  readonly samples: readonly Sample[];
  /** A sentence for each file that could not be used, and why. */
  readonly problems: readonly string[];
}
