import type { MaskPixels } from '../protocol/frames.ts';

/** A binary mask over a frame: 1 = the structure, 0 = not. */
export type Mask = MaskPixels;

/** One picture as the engine sees it, whatever file it came from. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** 1 (grey) or 3 (RGB, interleaved). */
  readonly channels: 1 | 3;
  /** Row-major, `height * width * channels` values in [0, 255] after window and level; never NaN. */
  readonly pixels: Float32Array;
  /** Distance between pixel centres in mm, [row, column], where the file states one. */
  readonly spacing?: readonly [number, number];
  readonly source: FrameSource;
  /** How stored values became [0, 255], for people to read, e.g. `window 128/256 from the file`. */
  readonly intensity: string;
}

/** Whether it shows anything but greys, however these are stored. */
export function isInColour({ channels, pixels }: Pick<Frame, 'channels' | 'pixels'>): boolean {
  if (channels === 1) return false;
  for (let i = 0; i < pixels.length; i += 3) {
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return true;
  }
  return false;
}

export interface FrameSource {
  /** File name, without its folder. */
  readonly file: string;
  /** One-based, as DICOM counts; 1 for single images. */
  readonly frameNumber: number;
  readonly dicom?: {
    readonly studyInstanceUid: string;
    readonly seriesInstanceUid: string;
    readonly sopInstanceUid: string;
    readonly sopClassUid: string;
    readonly modality: string;
    readonly patientId: string;
  };
}
