import { SaltError } from '../protocol/errors.ts';
import type { Mask } from '../imaging/frame.ts';

/** How sure the model is of each pixel of a frame. */
export interface ProbabilityMap {
  readonly width: number;
  readonly height: number;
  /** Row-major, `height * width` values in [0, 1]. */
  readonly data: Float32Array;
}

export interface MaskOptions {
  /** A pixel belongs to the structure when its probability exceeds this. Default: 0.5. */
  readonly threshold?: number;
  /** Nothing lies outside it. */
  readonly fieldOfView?: Mask | undefined;
  /** Connected pieces (8 neighbours) of fewer pixels are dropped. Default: 0, which drops none. */
  readonly minComponent?: number;
}

export function maskOf(map: ProbabilityMap, options: MaskOptions = {}): Mask {
  const { threshold = 0.5, fieldOfView, minComponent = 0 } = options;
  const { width, height } = map;
  if (fieldOfView && (fieldOfView.width !== width || fieldOfView.height !== height)) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The field of view is ${fieldOfView.width} x ${fieldOfView.height}, its frame ${width} x ${height}.`,
    );
  }
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    if ((map.data[i] ?? 0) > threshold && fieldOfView?.data[i] !== 0) data[i] = 1;
  }
  const mask = { width, height, data };
  return minComponent > 1 ? dropSmallComponents(mask, minComponent) : mask;
}

/** Without connected pieces (8 neighbours) of fewer than `least` pixels. */
export function dropSmallComponents(mask: Mask, least: number): Mask {
  const { width, height } = mask;
  const data = Uint8Array.from(mask.data);
  const seen = new Uint8Array(data.length);
  const stack = new Int32Array(data.length);
  for (let seed = 0; seed < data.length; seed++) {
    if (data[seed] !== 1 || seen[seed] === 1) continue;
    // The stack never shrinks: once the piece is exhausted, it lists its pixels.
    let end = 0;
    stack[end++] = seed;
    seen[seed] = 1;
    for (let next = 0; next < end; next++) {
      const at = stack[next] ?? 0;
      const x = at % width;
      const y = (at - x) / width;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const neighbour = v * width + u;
          if (data[neighbour] === 1 && seen[neighbour] === 0) {
            seen[neighbour] = 1;
            stack[end++] = neighbour;
          }
        }
      }
    }
    if (end < least) for (let i = 0; i < end; i++) data[stack[i] ?? 0] = 0;
  }
  return { width, height, data };
}
