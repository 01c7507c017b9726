import type { GeneratedImage, ImageKind } from './generated-image.ts';
import { generateFundus } from './fundus/fundus.ts';
import { generateOcta } from './octa/octa.ts';
import { generateXray } from './xray/xray.ts';

/**
 * Draws an image of a kind with the truth about it.
 * @param seed equal seeds give equal images, to the bit
 * @param size side in pixels, 128 to 1024
 */
export function generateImage(seed: number, size: number, kind: ImageKind): GeneratedImage {
  if (kind === 'fundus') return generateFundus(seed, size);
  if (kind === 'octa') return generateOcta(seed, size);
  return generateXray(seed, size, kind);
}
