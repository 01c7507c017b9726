import type { Mask } from '../imaging/frame.ts';
import { maskOfRegion } from '../imaging/mask.ts';
import { compose, warpBilinear, warpMask } from '../imaging/geometry.ts';
import type { Affine, Raster } from '../imaging/geometry.ts';
import type { Random } from '../protocol/random.ts';
import type { Augmentation } from './augmentation.ts';
import type { LoadedSample } from './loaded-sample.ts';
import { LEVELS, drawTone } from './tone.ts';
import type { Tone } from './tone.ts';
import { drawView } from './view.ts';
import type { CropKind, View } from './view.ts';

export interface ExampleOptions {
  /** Of the square example in pixels. */
  readonly side: number;
  /** Longest side of the frame in pixels of the example, of `frame` crops. Default: `side`, so that all of it is shown. */
  readonly frameSize?: number;
  readonly crop: CropKind;
  /** SAM's own mean and deviation, or those of the frame inside its field of view. */
  readonly normalisation: 'sam' | 'frame';
  readonly augmentation: Augmentation;
}

/** Where an example goes: planar, row-major, of `side * side` each. */
export interface ExampleTarget {
  /** Three planes. */
  readonly image: Float32Array;
  /** A plane for each mask wanted, 0 or 1. */
  readonly masks: readonly Float32Array[];
  /** 1 where a pixel shows the frame, inside the field of view and the region that counts. */
  readonly valid: Float32Array;
}

/** Views drawn at random in search of one that shows the structure and something that counts, before one is aimed. */
const RANDOM_TRIES = 5;

/**
 * Cuts one training example. Of a sample with the structure, every example shows some of it; a sample without it is
 * a lesson in its own right. Something of every example counts. Of oblong frames up to 2:1 both fail once in a while, where a
 * view that is aimed misses (`view.ts`).
 * @param wanted which of the sample's masks
 */
export function drawExample(
  sample: LoadedSample,
  wanted: readonly number[],
  options: ExampleOptions,
  random: Random,
  target: ExampleTarget,
): void {
  const { side, frameSize = side, crop, augmentation } = options;
  const masks = wanted.flatMap((i) => sample.masks[i] ?? []);
  const present = masks.find(hasStructure);
  const counts = maskOfRegion(sample.image, sample.region, sample.fieldOfView);
  let view: View;
  let warped: Mask[];
  let valid: Mask | undefined;
  let tries = 0;
  let isLesson: boolean;
  do {
    const wished = tries === RANDOM_TRIES ? worthSeeing(present, counts) : undefined;
    const aim = wished && pixelOf(wished, random);
    view = drawView(sample.image, { side, frameSize }, crop, augmentation, random, aim);
    const shown = { width: side, height: side, toSource: view.toSource };
    warped = masks.map((mask) => warpMask(mask, shown));
    valid = counts && warpMask(counts, shown);
    isLesson = (!present || warped.some(hasStructure)) && (!valid || hasStructure(valid));
  } while (!isLesson && tries++ < RANDOM_TRIES);
  warped.forEach((mask, i) => target.masks[i]?.set(mask.data));

  const { image, toReduced } = sample.reduced(view.step);
  const toSource = compose(toReduced, view.toSource);
  const pixels = warpBilinear(image, { width: side, height: side, toSource });
  const tone = drawTone(sample.statistics, options.normalisation === 'sam', augmentation, random);
  if (valid) target.valid.set(valid.data);
  else target.valid.fill(1);
  paint(pixels, tone, { toSource: view.toSource, frame: sample.image, side }, target);
}

/** The structure where it counts; where it does not, what counts. */
function worthSeeing(structure: Mask | undefined, counts: Mask | undefined): Mask | undefined {
  if (!structure || !counts) return structure ?? counts;
  const both = { ...structure, data: structure.data.map((bit, i) => bit & (counts.data[i] ?? 0)) };
  return hasStructure(both) ? both : counts;
}

function hasStructure(mask: Mask): boolean {
  return mask.data.includes(1);
}

/** Some pixel of the structure, each as likely as the others. */
export function pixelOf({ width, data }: Mask, random: Random): [x: number, y: number] {
  let left = random.integer(data.reduce((sum, bit) => sum + bit, 0));
  const at = data.findIndex((bit) => bit === 1 && left-- === 0);
  return [at % width, Math.floor(at / width)];
}

interface Placement {
  readonly toSource: Affine;
  readonly frame: { readonly width: number; readonly height: number };
  readonly side: number;
}

/** Grey levels to planes through the tone curves. What lies outside the frame is zero and does not count. */
function paint(
  pixels: Raster,
  tone: Tone,
  { toSource, frame, side }: Placement,
  target: ExampleTarget,
): void {
  const [a, b, c, d, e, f] = toSource;
  const { channels } = pixels;
  const size = side * side;
  const planes = [0, 1, 2].map((plane) => ({
    out: target.image.subarray(plane * size, (plane + 1) * size),
    curve: tone.curves[Math.min(plane, tone.curves.length - 1)] ?? new Float32Array(LEVELS),
  }));
  if (channels === 3 && tone.saturation !== 1) saturate(pixels.pixels, tone.saturation);
  const [right, bottom] = [frame.width - 0.5, frame.height - 0.5];
  for (const [plane, { out, curve }] of planes.entries()) {
    const channel = channels === 3 ? plane : 0;
    for (let row = 0, i = 0; row < side; row++) {
      for (let column = 0; column < side; column++, i++) {
        const x = a * column + b * row + c;
        const y = d * column + e * row + f;
        if (x < -0.5 || y < -0.5 || x >= right || y >= bottom) {
          out[i] = 0;
          target.valid[i] = 0;
          continue;
        }
        const level = pixels.pixels[i * channels + channel] ?? 0;
        const below = Math.min(LEVELS - 2, Math.max(0, Math.floor(level)));
        const low = curve[below] ?? 0;
        out[i] = low + ((curve[below + 1] ?? 0) - low) * (level - below);
      }
    }
  }
}

/** Luminance as ITU-R BT.601, in place. */
function saturate(pixels: Float32Array, factor: number): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const [r = 0, g = 0, b = 0] = [pixels[i], pixels[i + 1], pixels[i + 2]];
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    pixels[i] = clip(grey + (r - grey) * factor);
    pixels[i + 1] = clip(grey + (g - grey) * factor);
    pixels[i + 2] = clip(grey + (b - grey) * factor);
  }
}

function clip(level: number): number {
  return Math.min(255, Math.max(0, level));
}
