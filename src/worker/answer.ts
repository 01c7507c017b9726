/** What a model says about a frame, as the viewer wants it. */
import type { SegmentedFrame } from '../protocol/backend.ts';
import type { ProbabilityMap } from '../inference/mask.ts';

const FULL = 255;

/** 0 (certainly not) to 255 (certainly). */
export function asBytes({ data }: ProbabilityMap): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.round(FULL * data[i]!);
  return bytes;
}

/** Pixels less likely than this are not asked how sure the model is of them: most of a frame is plain background. */
const LIKELY = 0.05;

/** Mean binary entropy in bits over the likely pixels of all maps; 0 where there are none. See `SegmentedFrame`. */
export function uncertaintyOf(maps: readonly ProbabilityMap[]): SegmentedFrame['uncertainty'] {
  let sum = 0;
  let count = 0;
  for (const { data } of maps) {
    for (let i = 0; i < data.length; i++) {
      const p = data[i]!;
      if (p < LIKELY) continue;
      count++;
      if (p < 1) sum -= p * Math.log2(p) + (1 - p) * Math.log2(1 - p);
    }
  }
  return count === 0 ? 0 : Math.min(1, sum / count);
}
