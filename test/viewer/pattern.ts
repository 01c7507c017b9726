import type { MaskPixels } from '../../src/protocol/frames.ts';

/**
 * A mask that no other frame or segment has, so that pixels that end in the wrong place are noticed. Masks of two segments
 * of one frame have no pixel in common.
 *
 * @param segment from 1 to 3.
 */
export function pattern(width: number, height: number, frame: number, segment: number): MaskPixels {
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    data[i] = (Math.imul(i + 7919 * (frame + 1), 2654435761) >>> 0) % 5 === segment ? 1 : 0;
  }
  return { width, height, data };
}

/** Pixels in which two masks differ; all of them where one is missing or of another size. */
export function difference(expected: MaskPixels, actual: MaskPixels | undefined): number {
  if (actual?.width !== expected.width || actual.height !== expected.height) return expected.data.length;
  let count = 0;
  for (let i = 0; i < expected.data.length; i++) if (expected.data[i] !== actual.data[i]) count++;
  return count;
}
