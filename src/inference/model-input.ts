import { SaltError } from '../protocol/errors.ts';
import { fromSquare, normaliseInside, samInput, squareGeometry } from '../imaging/geometry.ts';
import type { Raster } from '../imaging/geometry.ts';
import type { Mask } from '../imaging/frame.ts';
import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';

/**
 * How a model wants frames. `square`: longest side resized to that of a square, padding at the bottom or the right, SAM's
 * mean and deviation. `native`: at the frame's own size, each channel less its mean over its deviation inside the field of
 * view, padded with zeros at the bottom and the right to multiples of `multiple`.
 */
export type ModelInput = SquareInput | { readonly framing: 'native'; readonly multiple: number };

export interface SquareInput {
  readonly framing: 'square';
  /** Frames no larger than this are enlarged to it, ... */
  readonly side: number;
  /** ... and larger ones reduced to this. Default: `side`. */
  readonly reducedTo?: number;
  /** Where the model sees a frame tile by tile, each in a square. Default: the whole frame in one. */
  readonly tiles?: {
    /** Of the frame's longest side that is a tile's side, above 0 to 1. */
    readonly share: number;
    /** Side of the square for a frame that must be seen whole all the same. */
    readonly wholeSide: number;
  };
}

/** Of the whole frame at once, as a prompt needs it that points at a place. */
export function wholeInput(input: ModelInput): ModelInput {
  if (input.framing === 'native' || !input.tiles) return input;
  return { framing: 'square', side: input.tiles.wholeSide };
}

/** Whether words are prompts, one at a time, or outputs, all at once in a fixed order. */
export type WordRole = 'prompt' | 'output';

export interface InputSize {
  readonly width: number;
  readonly height: number;
}

/** @throws SaltError `NOT_FINITE` saying where the first NaN or Inf is */
export function requireFinitePixels(frame: Raster, name: string): void {
  const { width, channels, pixels } = frame;
  const bad = pixels.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const pixel = Math.floor(bad / channels);
  throw new SaltError(
    'NOT_FINITE',
    `${name} has the value ${pixels[bad]} at column ${pixel % width}, row ${Math.floor(pixel / width)}.`,
    { frame: name, index: bad },
  );
}

/** The size at which a frame enters the model. */
export function inputSize(input: ModelInput, frame: InputSize): InputSize {
  if (input.framing === 'square') {
    const isLarger = Math.max(frame.width, frame.height) > input.side;
    const side = isLarger ? (input.reducedTo ?? input.side) : input.side;
    return { width: side, height: side };
  }
  return { width: padded(frame.width, input.multiple), height: padded(frame.height, input.multiple) };
}

function padded(length: number, multiple: number): number {
  return Math.ceil(length / multiple) * multiple;
}

/** A frame as the model's `image` [1, 3, H, W]. */
export function inputTensor(input: ModelInput, raster: Raster, fieldOfView: Mask | undefined): FloatTensor {
  const { width, height } = inputSize(input, raster);
  const shape = [1, 3, height, width];
  if (input.framing === 'square') {
    return floatTensor(shape, samInput(squareGeometry(raster.width, raster.height, width), raster));
  }
  const normalised = normaliseInside(raster, 3, fieldOfView);
  if (width === raster.width && height === raster.height) return floatTensor(shape, normalised);
  const tensor = floatTensor(shape);
  for (let plane = 0; plane < 3; plane++) {
    for (let y = 0; y < raster.height; y++) {
      const start = (plane * raster.height + y) * raster.width;
      tensor.data.set(normalised.subarray(start, start + raster.width), (plane * height + y) * width);
    }
  }
  return tensor;
}

/**
 * One plane of logits at the frame's own size.
 * @param logits [h, w], the model's grid; for `square`, a square of any side
 */
export function logitsOfFrame(
  input: ModelInput,
  frame: InputSize,
  logits: Float32Array,
  grid: InputSize,
): Float32Array {
  const size = inputSize(input, frame);
  if (input.framing === 'square') {
    return fromSquare(squareGeometry(frame.width, frame.height, size.width), logits, grid.width);
  }
  if (grid.width !== size.width || grid.height !== size.height) {
    throw new SaltError(
      'GRAPH_INVALID',
      `The model's logits are ${grid.width} x ${grid.height}, its input ${size.width} x ${size.height}.`,
    );
  }
  const out = new Float32Array(frame.width * frame.height);
  for (let y = 0; y < frame.height; y++) {
    out.set(logits.subarray(y * grid.width, y * grid.width + frame.width), y * frame.width);
  }
  return out;
}
