/** Interleaved pixels without the baggage of a frame: what the resampling code works on. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** Values per pixel, interleaved. */
  readonly channels: number;
  /** Row-major, `height * width * channels`. */
  readonly pixels: Float32Array;
}

export interface ResizeOptions {
  /**
   * Widen the triangle filter when shrinking, as Pillow and `torchvision` with `antialias=True` do. Off, the
   * result is `torch.nn.functional.interpolate(mode='bilinear', align_corners=False)`.
   */
  readonly antialias: boolean;
}

interface Taps {
  /** First input index of each output position. */
  readonly first: Int32Array;
  /** `count` weights per output position, summing to 1; unused ones are 0. */
  readonly weights: Float32Array;
  readonly count: number;
}

/** Weights of a triangle filter with half-pixel centres; weight that falls outside the input is shared out. */
function triangleTaps(input: number, output: number, antialias: boolean): Taps {
  const scale = input / output;
  const support = antialias ? Math.max(1, scale) : 1;
  const count = Math.min(input, Math.ceil(support) * 2 + 1);
  const first = new Int32Array(output);
  const weights = new Float32Array(output * count);
  for (let i = 0; i < output; i++) {
    const centre = (i + 0.5) * scale;
    // The truncation matches Pillow's: taps are the pixels whose centres lie within the support.
    const low = Math.min(Math.max(0, Math.floor(centre - support + 0.5)), input - 1);
    const high = Math.max(low + 1, Math.min(input, Math.floor(centre + support + 0.5)));
    let sum = 0;
    for (let j = low; j < high; j++) sum += Math.max(0, 1 - Math.abs(j + 0.5 - centre) / support);
    first[i] = low;
    for (let j = low; j < high; j++) {
      weights[i * count + j - low] = Math.max(0, 1 - Math.abs(j + 0.5 - centre) / support) / sum;
    }
  }
  return { first, weights, count };
}

/**
 * Bilinear resampling with half-pixel centres, rows and columns in turn.
 *
 * @param raster input pixels.
 * @param width,height size of the result, at least 1.
 */
export function resizeBilinear(
  raster: Raster,
  width: number,
  height: number,
  options: ResizeOptions = { antialias: true },
): Raster {
  if (width === raster.width && height === raster.height) return raster;
  const columns = resizeColumns(raster, width, triangleTaps(raster.width, width, options.antialias));
  return resizeRows(columns, height, triangleTaps(raster.height, height, options.antialias));
}

function resizeColumns(raster: Raster, width: number, taps: Taps): Raster {
  const { height, channels, pixels } = raster;
  if (width === raster.width) return raster;
  const out = new Float32Array(height * width * channels);
  const { first, weights, count } = taps;
  for (let y = 0; y < height; y++) {
    const row = y * raster.width * channels;
    const rowEnd = row + raster.width * channels;
    let o = y * width * channels;
    for (let x = 0; x < width; x++) {
      const start = row + (first[x] ?? 0) * channels;
      for (let c = 0; c < channels; c++, o++) {
        let sum = 0;
        for (let k = 0, i = start + c; k < count && i < rowEnd; k++, i += channels) {
          sum += (weights[x * count + k] ?? 0) * (pixels[i] ?? 0);
        }
        out[o] = sum;
      }
    }
  }
  return { width, height, channels, pixels: out };
}

function resizeRows(raster: Raster, height: number, taps: Taps): Raster {
  const { width, channels, pixels } = raster;
  if (height === raster.height) return raster;
  const stride = width * channels;
  const out = new Float32Array(height * stride);
  const { first, weights, count } = taps;
  for (let y = 0; y < height; y++) {
    const start = first[y] ?? 0;
    const used = Math.min(count, raster.height - start);
    const o = y * stride;
    for (let k = 0; k < used; k++) {
      const weight = weights[y * count + k] ?? 0;
      if (weight === 0) continue;
      const row = (start + k) * stride;
      for (let i = 0; i < stride; i++) out[o + i] = (out[o + i] ?? 0) + weight * (pixels[row + i] ?? 0);
    }
  }
  return { width, height, channels, pixels: out };
}
