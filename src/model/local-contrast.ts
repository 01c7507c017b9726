import * as ops from '../graph/ops/index.ts';
import type { Value } from '../graph/graph.ts';

/** Side in pixels of the squares over which mean and deviation are taken. */
export const CONTRAST_BLOCK = 16;

/** Deviations below this, on images of deviation about 1, are noise that must not be blown up. */
const LEAST_DEVIATION = 0.05;

/**
 * Appends to the image how much each pixel differs from its surroundings, in units of their deviation. This does not
 * change with gain, offset or a slow gradient of the light, which differ from one device to the next.
 *
 * @param image [B, C, H, W]; H and W multiples of `CONTRAST_BLOCK`
 * @returns [B, 2 C, H, W]
 */
export function withLocalContrast(image: Value): Value {
  const [, , height = 0, width = 0] = image.shape;
  const smooth = (x: Value): Value => ops.resizeBilinear(ops.averagePool(x, CONTRAST_BLOCK), height, width);
  const difference = ops.sub(image, smooth(image));
  const deviation = ops.sqrt(ops.add(smooth(ops.mul(difference, difference)), LEAST_DEVIATION ** 2));
  return ops.concat([image, ops.div(difference, deviation)], 1);
}
