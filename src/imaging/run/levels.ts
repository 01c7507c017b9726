import type { Frame } from '../frame.ts';

/** A grey image: levels 0 to 255, row-major, `height * width`. */
export interface Levels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** @param frame a grey one */
export function levelsOf({ width, height, pixels }: Pick<Frame, 'width' | 'height' | 'pixels'>): Levels {
  return { width, height, data: Uint8Array.from(pixels, Math.round) };
}
