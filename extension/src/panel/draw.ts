/** A frame with the outlines of its masks, as pixels for a canvas. */
import type { Colour } from '../../../src/protocol/segment-colours.ts';
import type { FramePixels, MaskPixels, Region } from '../../../src/protocol/frames.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGBA, row-major. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

export interface Outline {
  readonly mask: MaskPixels;
  readonly colour: Colour;
}

/** How bright what does not count is drawn. */
const DARK = 0.35;

/**
 * @param longest side of the picture in pixels; the frame is never enlarged
 * @param part what counts of the frame: the rest is drawn dark
 */
export function drawPicture(
  frame: FramePixels,
  outlines: readonly Outline[],
  longest: number,
  part?: Region,
): Picture {
  const scale = Math.max(1, Math.max(frame.width, frame.height) / longest);
  const width = Math.max(1, Math.round(frame.width / scale));
  const height = Math.max(1, Math.round(frame.height / scale));
  const data = new Uint8ClampedArray(width * height * 4);
  const tone = toneOf(frame);
  for (let y = 0; y < height; y++) {
    const fromY = Math.min(frame.height - 1, Math.floor((y + 0.5) * scale));
    for (let x = 0; x < width; x++) {
      const fromX = Math.min(frame.width - 1, Math.floor((x + 0.5) * scale));
      const from = (fromY * frame.width + fromX) * frame.channels;
      const to = (y * width + x) * 4;
      const light = isInside(part, fromX, fromY) ? 1 : DARK;
      for (let channel = 0; channel < 3; channel++) {
        data[to + channel] = light * tone(frame.values[from + (frame.channels === 3 ? channel : 0)] ?? 0);
      }
      data[to + 3] = 255;
    }
  }
  for (const { mask, colour } of outlines) drawOutline(data, width, height, mask, colour);
  return { width, height, data };
}

function isInside(part: Region | undefined, x: number, y: number): boolean {
  if (!part) return true;
  const { left, top, width, height } = part;
  return x >= left && x < left + width && y >= top && y < top + height;
}

/** Pixels of the mask, as shrunk, that touch one outside it; a pixel counts when any that it stands for is set. */
function drawOutline(
  data: Uint8ClampedArray,
  width: number,
  height: number,
  mask: MaskPixels,
  [red, green, blue]: Colour,
): void {
  const small = new Uint8Array(width * height);
  for (let y = 0; y < mask.height; y++) {
    const row = Math.min(height - 1, Math.floor((y * height) / mask.height)) * width;
    for (let x = 0; x < mask.width; x++) {
      if (mask.data[y * mask.width + x])
        small[row + Math.min(width - 1, Math.floor((x * width) / mask.width))] = 1;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (small[at] !== 1) continue;
      const inside =
        x > 0 &&
        x < width - 1 &&
        y > 0 &&
        y < height - 1 &&
        small[at - 1] === 1 &&
        small[at + 1] === 1 &&
        small[at - width] === 1 &&
        small[at + width] === 1;
      if (inside) continue;
      data.set([red, green, blue], at * 4);
    }
  }
}

/** From stored value to brightness, 0 to 255. */
function toneOf({ channels, values, window, inverted }: FramePixels): (value: number) => number {
  if (channels === 3) return (value) => value;
  const { lower, upper } = window ?? range(values);
  const factor = 255 / Math.max(upper - lower, Number.EPSILON);
  return (value) => {
    const bright = Math.min(255, Math.max(0, (value - lower) * factor));
    return inverted === true ? 255 - bright : bright;
  };
}

/** Between the 1st and the 99th percentile of a sample of the values. */
function range(values: FramePixels['values']): { lower: number; upper: number } {
  const stride = Math.max(1, Math.floor(values.length / 4096));
  const sample: number[] = [];
  for (let at = 0; at < values.length; at += stride) {
    const value = values[at] ?? 0;
    if (Number.isFinite(value)) sample.push(value);
  }
  sample.sort((a, b) => a - b);
  const lower = sample[Math.floor(sample.length * 0.01)] ?? 0;
  const upper = sample[Math.min(sample.length - 1, Math.floor(sample.length * 0.99))] ?? 1;
  return { lower, upper };
}
