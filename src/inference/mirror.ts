/** Mirrored copies, for averaging over what should make no difference. */

export interface Mirror {
  readonly x: boolean;
  readonly y: boolean;
}

const NONE: Mirror = { x: false, y: false };
const ALL: readonly Mirror[] = [NONE, { x: true, y: false }, { x: false, y: true }, { x: true, y: true }];

/** 1: as it is; 2: left to right as well; 4: top to bottom as well. */
export type Flips = 1 | 2 | 4;

export function mirrors(flips: Flips): readonly Mirror[] {
  return ALL.slice(0, flips);
}

/**
 * The pixels of an image seen in a mirror; its own inverse.
 * @param pixels row-major, `channels` values interleaved
 */
export function mirrored<T extends Float32Array | Uint8Array>(
  pixels: T,
  {
    width,
    height,
    channels = 1,
  }: { readonly width: number; readonly height: number; readonly channels?: number },
  mirror: Mirror,
): T {
  if (!mirror.x && !mirror.y) return pixels;
  const out = pixels.slice() as T;
  for (let y = 0, o = 0; y < height; y++) {
    const row = (mirror.y ? height - 1 - y : y) * width;
    for (let x = 0; x < width; x++) {
      const from = (row + (mirror.x ? width - 1 - x : x)) * channels;
      for (let channel = 0; channel < channels; channel++, o++) out[o] = pixels[from + channel] ?? 0;
    }
  }
  return out;
}
