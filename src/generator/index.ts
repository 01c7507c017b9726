import type { GeneratedImage, ImageKind } from './generated-image.ts';
import { generateXray } from './xray/xray.ts';

/**
 * Draws an image of a kind with the truth about it.
 * @param seed equal seeds give equal images, to the bit
 * @param size side in pixels, 128 to 1024
 */
export function generateImage(seed: number, size: number, kind: ImageKind): GeneratedImage {
  if (kind === 'angiogram' || kind === 'subtraction') return generateXray(seed, size, kind);
  throw new RangeError(`no ${kind} is drawn yet`);
}
