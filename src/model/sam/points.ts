import { floatTensor } from '../../graph/tensor.ts';
import type { FloatTensor } from '../../graph/tensor.ts';
import { SaltError } from '../../protocol/errors.ts';

/** Kinds of point token: background, foreground, first and second corner of a box, padding. */
export const POINT_TYPES = 5;

/** SAM's labels: 0 background, 1 foreground, 2 and 3 the corners of a box, -1 padding. */
export type PointLabel = -1 | 0 | 1 | 2 | 3;

export interface PointPrompt {
  /** Pixels of the model's input, from its left edge; whole numbers are the corners at a pixel's upper left. */
  readonly x: number;
  readonly y: number;
  readonly label: PointLabel;
}

export interface BoxPrompt {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * The point tokens that SAM makes of clicks and a box, in its order: clicks, a padding point where there are clicks
 * but no box, then the box's corners.
 * @param clicks label 1 on the structure, 0 beside it
 */
export function pointPrompts(clicks: readonly PointPrompt[], box?: BoxPrompt): PointPrompt[] {
  if (box) {
    return [...clicks, { x: box.left, y: box.top, label: 2 }, { x: box.right, y: box.bottom, label: 3 }];
  }
  return clicks.length > 0 ? [...clicks, { x: 0, y: 0, label: -1 }] : [];
}

/**
 * The batch tensors of one image's point tokens. Sines and cosines are formed here, in float64: graphics processors
 * give too few digits of them.
 *
 * @param matrix `prompt_encoder.pe_layer.positional_encoding_gaussian_matrix` [2, C / 2]
 * @param imageSize side of the model's input in pixels
 * @returns `encoding` [P, C], zero for padding, and `types` [P, 5], one-hot
 */
export function encodePoints(
  matrix: FloatTensor,
  points: readonly PointPrompt[],
  imageSize: number,
): { encoding: FloatTensor; types: FloatTensor } {
  const channels = 2 * (matrix.shape[1] ?? 0);
  const encoding = floatTensor([points.length, channels]);
  const types = floatTensor([points.length, POINT_TYPES]);
  points.forEach(({ x, y, label }, i) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      throw new SaltError('INVALID_ARGUMENT', `A point at (${x}, ${y}) is nowhere.`);
    }
    const padding = label === -1;
    types.data[i * POINT_TYPES + (padding ? POINT_TYPES - 1 : label)] = 1;
    // SAM counts from the centre of the pixel.
    if (!padding) encode(matrix, (x + 0.5) / imageSize, (y + 0.5) / imageSize, encoding.data, i * channels);
  });
  return { encoding, types };
}

/** The positional encoding of every token of the image, [side^2, C], rows of the grid one after another. */
export function densePositions(matrix: FloatTensor, side: number): FloatTensor {
  const channels = 2 * (matrix.shape[1] ?? 0);
  const positions = floatTensor([side * side, channels]);
  for (let i = 0; i < side * side; i++) {
    const x = ((i % side) + 0.5) / side;
    const y = (Math.floor(i / side) + 0.5) / side;
    encode(matrix, x, y, positions.data, i * channels);
  }
  return positions;
}

/** Random Fourier features (Tancik et al., 2020) of a place in [0, 1]^2: all sines, then all cosines. */
function encode(matrix: FloatTensor, x: number, y: number, into: Float32Array, offset: number): void {
  const frequencies = matrix.shape[1] ?? 0;
  for (let f = 0; f < frequencies; f++) {
    const along = (2 * x - 1) * (matrix.data[f] ?? 0) + (2 * y - 1) * (matrix.data[frequencies + f] ?? 0);
    into[offset + f] = Math.sin(2 * Math.PI * along);
    into[offset + frequencies + f] = Math.cos(2 * Math.PI * along);
  }
}
