import type { Mask } from '../frame.ts';
import type { Affine } from './affine.ts';
import type { Raster } from './resize.ts';

export interface WarpTarget {
  /** Size of the result. */
  readonly width: number;
  readonly height: number;
  /** Maps a pixel of the result to where it is read in the input. */
  readonly toSource: Affine;
}

/** Values by bilinear interpolation; outside the input lies `border`. */
export function warpBilinear(raster: Raster, target: WarpTarget, border = 0): Raster {
  const { width, height, channels, pixels } = raster;
  const [a, b, c, d, e, f] = target.toSource;
  const out = new Float32Array(target.width * target.height * channels);
  const stride = width * channels;
  const at = (x: number, y: number, channel: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? border : (pixels[y * stride + x * channels + channel] ?? 0);
  let o = 0;
  for (let row = 0; row < target.height; row++) {
    for (let column = 0; column < target.width; column++, o += channels) {
      const sx = a * column + b * row + c;
      const sy = d * column + e * row + f;
      const x = Math.floor(sx);
      const y = Math.floor(sy);
      if (!(x >= -1 && y >= -1 && x < width && y < height)) {
        out.fill(border, o, o + channels);
        continue;
      }
      const right = sx - x;
      const down = sy - y;
      const w00 = (1 - right) * (1 - down);
      const w01 = right * (1 - down);
      const w10 = (1 - right) * down;
      const w11 = right * down;
      if (x >= 0 && y >= 0 && x < width - 1 && y < height - 1) {
        let i = y * stride + x * channels;
        for (let channel = 0; channel < channels; channel++, i++) {
          out[o + channel] =
            w00 * (pixels[i] ?? 0) +
            w01 * (pixels[i + channels] ?? 0) +
            w10 * (pixels[i + stride] ?? 0) +
            w11 * (pixels[i + stride + channels] ?? 0);
        }
      } else {
        for (let channel = 0; channel < channels; channel++) {
          out[o + channel] =
            w00 * at(x, y, channel) +
            w01 * at(x + 1, y, channel) +
            w10 * at(x, y + 1, channel) +
            w11 * at(x + 1, y + 1, channel);
        }
      }
    }
  }
  return { width: target.width, height: target.height, channels, pixels: out };
}

/** A mask through the same matrix as its image: the nearest pixel's value, 0 outside. */
export function warpMask(mask: Mask, target: WarpTarget): Mask {
  const { width, height, data } = mask;
  const [a, b, c, d, e, f] = target.toSource;
  const out = new Uint8Array(target.width * target.height);
  let o = 0;
  for (let row = 0; row < target.height; row++) {
    for (let column = 0; column < target.width; column++, o++) {
      const x = Math.floor(a * column + b * row + c + 0.5);
      const y = Math.floor(d * column + e * row + f + 0.5);
      if (x >= 0 && y >= 0 && x < width && y < height) out[o] = data[y * width + x] ?? 0;
    }
  }
  return { width: target.width, height: target.height, data: out };
}

/** As {@link warpMask}, but 1 where bilinear interpolation of the mask reaches a half: smoother edges. */
export function warpMaskSmooth(mask: Mask, target: WarpTarget): Mask {
  const { width, height } = mask;
  const raster = { width, height, channels: 1, pixels: new Float32Array(mask.data) };
  const warped = warpBilinear(raster, target).pixels;
  const data = new Uint8Array(warped.length);
  for (let i = 0; i < data.length; i++) data[i] = (warped[i] ?? 0) >= 0.5 ? 1 : 0;
  return { width: target.width, height: target.height, data };
}
