/** The part of a frame that was painted, where a person says that the rest was not looked at. */
import type { MaskPixels, Region } from '../../../../src/protocol/frames.ts';
import type { CollectedFrame } from '../../store/collected-frame.ts';

/** Pixels that are kept beside the paint, as a share of the longer side: enough to see where a structure ends. */
const MARGIN = 0.008;

/** The box about the paint of all words of a frame whose painted part alone counts; else, or without paint, undefined. */
export function paintedPart({
  paintedPartOnly,
  frame: { width, height },
  masks,
}: Pick<CollectedFrame, 'paintedPartOnly' | 'frame' | 'masks'>): Region | undefined {
  if (paintedPartOnly !== true) return undefined;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (const { mask } of masks) {
    mask.data.forEach((pixel, at) => {
      if (pixel === 0) return;
      const x = at % width;
      const y = (at - x) / width;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    });
  }
  if (right < 0) return undefined;
  const margin = Math.round(MARGIN * Math.max(width, height));
  left = Math.max(0, left - margin);
  top = Math.max(0, top - margin);
  return {
    left,
    top,
    width: Math.min(width - 1, right + margin) + 1 - left,
    height: Math.min(height - 1, bottom + margin) + 1 - top,
  };
}

/** One mask inside a region, another outside. */
export function patched(outside: MaskPixels, inside: MaskPixels, region: Region): MaskPixels {
  const { width, height } = outside;
  const data = Uint8Array.from(outside.data);
  for (let y = region.top; y < region.top + region.height; y++) {
    const from = y * width + region.left;
    data.set(inside.data.subarray(from, from + region.width), from);
  }
  return { width, height, data };
}
