import { SaltError } from '../protocol/errors.ts';
import type { Mask } from '../imaging/frame.ts';
import { dropSmallComponents } from '../imaging/small-components.ts';

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
