import { SaltError } from '../../protocol/errors.ts';
import type { Mask } from '../frame.ts';
import { resizeBilinear } from './resize.ts';
import type { Raster } from './resize.ts';

/**
 * How a frame of any shape lies in the square that SAM sees: its longest side is resized to the square's, the
 * rest is padding at the bottom or the right (`ResizeLongestSide` and `preprocess` of Meta's `segment-anything`).
 * Every value is known from three numbers, so the way back needs nothing else.
 */
export interface SquareGeometry {
  /** Size of the frame. */
  readonly width: number;
  readonly height: number;
  /** Side of the square. */
  readonly side: number;
  /** Size of the resized frame inside the square; one of them equals `side`. */
  readonly scaledWidth: number;
  readonly scaledHeight: number;
}

export function squareGeometry(width: number, height: number, side: number): SquareGeometry {
  if (![width, height, side].every((n) => Number.isInteger(n) && n > 0)) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `Sizes must be whole and positive, not ${width} x ${height} in ${side}.`,
    );
  }
  const scale = side / Math.max(width, height);
  const scaled = (n: number) => Math.min(side, Math.max(1, Math.floor(n * scale + 0.5)));
  return { width, height, side, scaledWidth: scaled(width), scaledHeight: scaled(height) };
}

/** A frame's pixels resized as the square asks (anti-aliased when shrinking), not yet padded. */
export function scaleToSquare(geometry: SquareGeometry, raster: Raster): Raster {
  expectSize('image', raster, geometry.width, geometry.height);
  return resizeBilinear(raster, geometry.scaledWidth, geometry.scaledHeight);
}

/** A frame's pixels in the square, interleaved, `side * side * channels`, with `fill` in the padding. */
export function toSquare(geometry: SquareGeometry, raster: Raster, fill = 0): Raster {
  const scaled = scaleToSquare(geometry, raster);
  const { side } = geometry;
  const pixels = new Float32Array(side * side * raster.channels).fill(fill);
  for (let y = 0; y < scaled.height; y++) {
    const row = y * scaled.width * raster.channels;
    pixels.set(scaled.pixels.subarray(row, row + scaled.width * raster.channels), y * side * raster.channels);
  }
  return { width: side, height: side, channels: raster.channels, pixels };
}

/** A mask in the square as values in [0, 1] (a pixel's covered share when shrinking), `side * side`. */
export function maskToSquare(geometry: SquareGeometry, mask: Mask): Float32Array {
  const { width, height } = mask;
  return toSquare(geometry, { width, height, channels: 1, pixels: new Float32Array(mask.data) }).pixels;
}

/**
 * The way back for logits or probabilities: up to the square, without the padding, to the frame's own size, all
 * bilinear without anti-aliasing, as SAM's `postprocess_masks`.
 *
 * @param values `gridSide * gridSide`, row-major.
 * @param gridSide side of the grid that the values lie on; a quarter of the square for SAM's low-resolution masks.
 * @returns `height * width` values.
 */
export function fromSquare(
  geometry: SquareGeometry,
  values: Float32Array,
  gridSide: number = geometry.side,
): Float32Array {
  if (values.length !== gridSide * gridSide) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `${values.length} values do not fill a grid of ${gridSide} x ${gridSide}.`,
    );
  }
  const { side, scaledWidth, scaledHeight } = geometry;
  const grid = { width: gridSide, height: gridSide, channels: 1, pixels: values };
  const square = resizeBilinear(grid, side, side, { antialias: false });
  const inner = new Float32Array(scaledWidth * scaledHeight);
  for (let y = 0; y < scaledHeight; y++) {
    inner.set(square.pixels.subarray(y * side, y * side + scaledWidth), y * scaledWidth);
  }
  return resizeBilinear(
    { width: scaledWidth, height: scaledHeight, channels: 1, pixels: inner },
    geometry.width,
    geometry.height,
    { antialias: false },
  ).pixels;
}

/** {@link fromSquare}, then 1 where the value exceeds the threshold (0 for logits, 0.5 for probabilities). */
export function maskFromSquare(
  geometry: SquareGeometry,
  values: Float32Array,
  options: { readonly threshold: number; readonly gridSide?: number },
): Mask {
  const native = fromSquare(geometry, values, options.gridSide);
  const data = new Uint8Array(native.length);
  for (let i = 0; i < data.length; i++) data[i] = (native[i] ?? 0) > options.threshold ? 1 : 0;
  return { width: geometry.width, height: geometry.height, data };
}

/** Where a point of the frame falls in the square. Pixel (i, j) covers [i, i + 1) x [j, j + 1). */
export function pointToSquare(geometry: SquareGeometry, x: number, y: number): [x: number, y: number] {
  return [(x * geometry.scaledWidth) / geometry.width, (y * geometry.scaledHeight) / geometry.height];
}

/** Inverse of {@link pointToSquare}. */
export function pointFromSquare(geometry: SquareGeometry, x: number, y: number): [x: number, y: number] {
  return [(x * geometry.width) / geometry.scaledWidth, (y * geometry.height) / geometry.scaledHeight];
}

function expectSize(what: string, raster: Raster, width: number, height: number): void {
  if (raster.width !== width || raster.height !== height) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `This ${what} is ${raster.width} x ${raster.height}; the geometry was made for ${width} x ${height}.`,
    );
  }
}
