import type { Mask } from '../../imaging/frame.ts';

export function emptyMask(width: number, height: number): Mask {
  return { width, height, data: new Uint8Array(width * height) };
}

/** Adds `other` to `mask`, in place. */
export function addMask(mask: Mask, other: Mask): void {
  for (let i = 0; i < mask.data.length; i++) if (other.data[i] === 1) mask.data[i] = 1;
}

/** Takes away what is not in `other`, in place. */
export function keepWithin(mask: Mask, other: Mask): void {
  for (let i = 0; i < mask.data.length; i++) if (other.data[i] !== 1) mask.data[i] = 0;
}

export function countPixels(mask: Mask): number {
  let count = 0;
  for (const value of mask.data) count += value;
  return count;
}
