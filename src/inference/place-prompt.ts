import { floatTensor } from '../graph/tensor.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import type { Mask } from '../imaging/frame.ts';
import { squareGeometry } from '../imaging/geometry.ts';
import { encodePoints, pointPrompts } from '../model/sam/index.ts';
import type { BoxPrompt, PointPrompt } from '../model/sam/index.ts';
import { SaltError } from '../protocol/errors.ts';
import type { InputSize } from './model-input.ts';

/** Where something is: clicks, a box or both, in pixels of the frame from its upper left corner. */
export interface PlacePrompt {
  readonly clicks: readonly Click[];
  readonly box?: BoxPrompt;
}

export interface Click {
  readonly x: number;
  readonly y: number;
  /** Whether the structure is here, or is not. */
  readonly on: boolean;
}

/** A place as it is told the model, and the box that its answer is cut to. */
export interface PlaceBesideWord {
  readonly told: PlacePrompt;
  readonly within?: BoxPrompt;
}

/**
 * A box beside a word says where to look, so that the word alone says what is found. No adapter is ever taught the two together, and
 * what salt-tiny learnt of boxes is worse than its answer to the word, cut to the box (`npm run bench:places`).
 * @throws SaltError `INVALID_ARGUMENT` for what lies outside the frame, and a box without area
 */
export function placeBesideWord(place: PlacePrompt, frame: InputSize): PlaceBesideWord {
  requireInside(place, frame);
  const { clicks, box } = place;
  return { told: { clicks }, ...(box && { within: box }) };
}

/** 1 inside the box, its edges included, on a frame of the given size. */
export function maskOfBox({ left, top, right, bottom }: BoxPrompt, { width, height }: InputSize): Mask {
  const data = new Uint8Array(width * height);
  for (let y = Math.ceil(top); y <= Math.min(height - 1, bottom); y++) {
    data.fill(1, y * width + Math.ceil(left), y * width + Math.floor(Math.min(width - 1, right)) + 1);
  }
  return { width, height, data };
}

/** Point tokens that a place takes; programs are compiled for their number. */
export function placeTokens(place: PlacePrompt): number {
  return tokensOf(place).length;
}

/**
 * The batch tensors `point_encoding` [1, P, C] and `point_types` [1, P, 5].
 * @param matrix the model's frequencies, `GAUSSIAN_MATRIX`
 * @param side of the model's square input in pixels
 * @throws SaltError `INVALID_ARGUMENT` for what lies outside the frame, and a box without area
 */
export function placeTensors(
  place: PlacePrompt,
  frame: InputSize,
  matrix: FloatTensor,
  side: number,
): Record<string, FloatTensor> {
  requireInside(place, frame);
  const { scaledWidth, scaledHeight } = squareGeometry(frame.width, frame.height, side);
  const points = tokensOf(place).map(({ x, y, label }) => ({
    x: (x * scaledWidth) / frame.width,
    y: (y * scaledHeight) / frame.height,
    label,
  }));
  const { encoding, types } = encodePoints(matrix, points, side);
  return { point_encoding: batchOfOne(encoding), point_types: batchOfOne(types) };
}

function tokensOf({ clicks, box }: PlacePrompt): PointPrompt[] {
  return pointPrompts(
    clicks.map(({ x, y, on }) => ({ x, y, label: on ? 1 : 0 })),
    box,
  );
}

function requireInside({ clicks, box }: PlacePrompt, { width, height }: InputSize): void {
  const corners = box
    ? [
        [box.left, box.top],
        [box.right, box.bottom],
      ]
    : [];
  for (const [x = NaN, y = NaN] of [...clicks.map((click) => [click.x, click.y]), ...corners]) {
    if (x >= 0 && y >= 0 && x <= width && y <= height) continue;
    throw new SaltError('INVALID_ARGUMENT', `(${x}, ${y}) lies outside the frame of ${width} x ${height}.`);
  }
  if (box && !(box.right > box.left && box.bottom > box.top)) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      'A box needs its left upper corner first: left, top, right, bottom.',
    );
  }
}

function batchOfOne({ shape, data }: FloatTensor): FloatTensor {
  return floatTensor([1, ...shape], data);
}
