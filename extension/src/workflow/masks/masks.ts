/** Masks from probabilities, and small questions about masks. Row-major, 1 = the structure. */
import { dropSmallComponents } from '../../../../src/imaging/small-components.ts';
import type { MaskPixels } from '../../../../src/protocol/frames.ts';

export interface MaskRules {
  /** A pixel belongs to the structure when its probability is at least this, 0 to 1. */
  readonly threshold: number;
  /** Connected pieces (8 neighbours) of fewer pixels are dropped. */
  readonly minimumSize: number;
}

/** @param probabilities 0 to 255, `width * height` */
export function maskFrom(
  probabilities: Uint8Array,
  width: number,
  height: number,
  { threshold, minimumSize }: MaskRules,
): MaskPixels {
  // A threshold of zero would otherwise claim the whole frame.
  const least = Math.max(1, Math.round(threshold * 255));
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) if (probabilities[i]! >= least) data[i] = 1;
  const mask = { width, height, data };
  return minimumSize > 1 ? dropSmallComponents(mask, minimumSize) : mask;
}

export function emptyMask(width: number, height: number): MaskPixels {
  return { width, height, data: new Uint8Array(width * height) };
}

export function countPixels(mask: MaskPixels | undefined): number {
  let count = 0;
  if (mask) for (const pixel of mask.data) if (pixel !== 0) count++;
  return count;
}

/** Whether two masks are equal; a missing one equals an empty one. */
export function sameMask(a: MaskPixels | undefined, b: MaskPixels | undefined): boolean {
  if (!a || !b) return countPixels(a ?? b) === 0;
  return a.data.length === b.data.length && a.data.every((pixel, at) => pixel === b.data[at]);
}
