import type { Frame } from '../frame.ts';

/** A grey image: levels 0 to 255, row-major, `height * width`. */
export interface Levels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** @param frame a grey one */
export function levelsOf({ width, height, pixels }: Pick<Frame, 'width' | 'height' | 'pixels'>): Levels {
  const data = new Uint8Array(pixels.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.round(pixels[i]!);
  return { width, height, data };
}
