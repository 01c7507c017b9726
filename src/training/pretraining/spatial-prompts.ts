/** Clicks and boxes, as people give them, for masks that are known. */
import type { PointPrompt } from '../../model/sam/index.ts';
import type { Random } from '../../protocol/random.ts';

/** Point tokens of every prompt: a click or padding, and a box's two corners or padding. */
export const POINT_TOKENS = 3;

export interface SpatialPrompt {
  /** `POINT_TOKENS` of them, in pixels of the image. */
  readonly points: readonly PointPrompt[];
  /** False where the place alone says what is meant. */
  readonly withWord: boolean;
}

const PADDING: PointPrompt = { x: 0, y: 0, label: -1 };
/** Chances of a word alone, a click with it, a click alone, a box with the word; the rest are boxes alone. */
const [WORD, CLICK_AND_WORD, CLICK, BOX_AND_WORD] = [0.4, 0.15, 0.2, 0.1];
/** A box's sides, as shares of the image's. */
const [LEAST_SIDE, MOST_SIDE] = [0.15, 0.7];

/**
 * Draws a prompt for a mask. What is empty is asked by word alone. A box means the structure inside it: the rest of the
 * mask is cleared.
 * @param mask [S, S], 0 or 1; changed in place
 */
export function drawSpatialPrompt(mask: Float32Array, side: number, random: Random): SpatialPrompt {
  const how = random.uniform();
  const [x, y] = pixelOf(mask, side, random);
  if (how < WORD || x < 0) return { points: [PADDING, PADDING, PADDING], withWord: true };
  if (how < WORD + CLICK_AND_WORD + CLICK) {
    const click: PointPrompt = { x, y, label: 1 };
    return { points: [click, PADDING, PADDING], withWord: how < WORD + CLICK_AND_WORD };
  }
  const [left, right] = spanAround(x, side, random);
  const [top, bottom] = spanAround(y, side, random);
  keepInside(mask, side, { left, right, top, bottom });
  return {
    points: [PADDING, { x: left, y: top, label: 2 }, { x: right, y: bottom, label: 3 }],
    withWord: how < WORD + CLICK_AND_WORD + CLICK + BOX_AND_WORD,
  };
}

/** Some pixel of the mask, each as likely as the others; (-1, -1) for none. */
function pixelOf(mask: Float32Array, side: number, random: Random): [x: number, y: number] {
  const count = mask.reduce((sum, value) => sum + value, 0);
  let left = random.integer(Math.max(1, count));
  const at = mask.findIndex((value) => value === 1 && left-- === 0);
  return at < 0 ? [-1, -1] : [at % side, Math.floor(at / side)];
}

/** A stretch of the image that holds `at`. */
function spanAround(at: number, side: number, random: Random): [from: number, to: number] {
  const length = side * (LEAST_SIDE + (MOST_SIDE - LEAST_SIDE) * random.uniform());
  const from = Math.max(0, Math.round(at - length * random.uniform()));
  return [from, Math.min(side - 1, Math.round(from + length))];
}

function keepInside(
  mask: Float32Array,
  side: number,
  { left, right, top, bottom }: { left: number; right: number; top: number; bottom: number },
): void {
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (x < left || x > right || y < top || y > bottom) mask[y * side + x] = 0;
    }
  }
}
