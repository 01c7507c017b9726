import { SaltError } from '../../protocol/errors.ts';
import type { Mask } from '../frame.ts';
import type { Raster } from './resize.ts';

/** A rectangle of whole pixels; `x`, `y` is its top left one. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function cropRaster(raster: Raster, rectangle: Rectangle): Raster {
  expectInside(rectangle, raster.width, raster.height);
  const { x, y, width, height } = rectangle;
  const { channels } = raster;
  const pixels = new Float32Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const start = ((y + row) * raster.width + x) * channels;
    pixels.set(raster.pixels.subarray(start, start + width * channels), row * width * channels);
  }
  return { width, height, channels, pixels };
}

export function cropMask(mask: Mask, rectangle: Rectangle): Mask {
  expectInside(rectangle, mask.width, mask.height);
  const { x, y, width, height } = rectangle;
  const data = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = (y + row) * mask.width + x;
    data.set(mask.data.subarray(start, start + width), row * width);
  }
  return { width, height, data };
}

function expectInside({ x, y, width, height }: Rectangle, fullWidth: number, fullHeight: number): void {
  const whole = [x, y, width, height].every(Number.isInteger);
  if (
    !whole ||
    x < 0 ||
    y < 0 ||
    width < 1 ||
    height < 1 ||
    x + width > fullWidth ||
    y + height > fullHeight
  ) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The crop ${width} x ${height} at (${x}, ${y}) does not lie inside ${fullWidth} x ${fullHeight} pixels.`,
    );
  }
}
