import type { Mask } from '../imaging/frame.ts';
import { maskOfRegion } from '../imaging/mask.ts';
import { requireFinitePixels } from '../inference/model-input.ts';
import { compose, resizeBilinear, scaling, translation } from '../imaging/geometry.ts';
import type { Affine, Raster } from '../imaging/geometry.ts';
import { SaltError } from '../protocol/errors.ts';
import { LEVELS } from './tone.ts';
import type { ChannelStatistics } from './tone.ts';
import type { Region } from '../protocol/frames.ts';
import { requireCounting } from './training-sample.ts';
import type { TrainingSample } from './training-sample.ts';

/** A sample in memory, ready to be cut from. */
export interface LoadedSample {
  readonly id: string;
  /** Grey levels in [0, 255]. */
  readonly image: Raster;
  /** One for each word asked for, in that order; undefined where the sample was not annotated with it. */
  readonly masks: readonly (Mask | undefined)[];
  readonly fieldOfView: Mask | undefined;
  /** Pixels outside it do not count. */
  readonly region: Region | undefined;
  /** One for each channel, inside the field of view. */
  readonly statistics: readonly ChannelStatistics[];
  readonly bytes: number;
  /**
   * The image for reading at about every `step`-th pixel: halved (with anti-aliasing) as often as helps, so that fine
   * structures do not flicker.
   */
  reduced(step: number): { readonly image: Raster; readonly toReduced: Affine };
}

/**
 * @throws SaltError `NOT_FINITE` for NaN or Inf in the pixels, `DATASET_INVALID` for a mask of another size, or where no pixel counts, `FILE_UNREADABLE` and others from the loaders
 */
export async function loadSample(sample: TrainingSample, words: readonly string[]): Promise<LoadedSample> {
  const frame = await sample.loadFrame();
  const { width, height, channels, pixels } = frame;
  requireFinitePixels(frame, `Frame ${sample.id}`);
  const masks: (Mask | undefined)[] = [];
  for (const word of words) {
    const mask = await sample.masks.get(word)?.();
    masks.push(mask && checkSize(sample.id, frame, mask, `mask for "${word}"`));
  }
  const fieldOfView =
    sample.loadFieldOfView &&
    checkSize(sample.id, frame, await sample.loadFieldOfView(), 'mask of the field of view');
  requireCounting(sample.id, maskOfRegion(frame, sample.region, fieldOfView));
  const image: Raster = { width, height, channels, pixels };
  const levels = [image];
  return {
    id: sample.id,
    image,
    masks,
    fieldOfView,
    region: sample.region,
    statistics: Array.from({ length: channels }, (_, channel) => measure(image, channel, fieldOfView)),
    // All reduced images together add less than a third.
    bytes: (pixels.byteLength * 4) / 3 + width * height * (masks.length + 1),
    reduced: (step) => reduce(levels, Math.max(0, Math.round(Math.log2(step)))),
  };
}

function checkSize(id: string, frame: { width: number; height: number }, mask: Mask, what: string): Mask {
  if (mask.width !== frame.width || mask.height !== frame.height) {
    throw new SaltError(
      'DATASET_INVALID',
      `The ${what} of ${id} is ${mask.width} x ${mask.height}, its frame ${frame.width} x ${frame.height}.`,
    );
  }
  return mask;
}

function reduce(levels: Raster[], wanted: number): { image: Raster; toReduced: Affine } {
  const full = levels[0];
  let image = full;
  for (let level = 1; level <= wanted && image && image.width > 1 && image.height > 1; level++) {
    levels[level] ??= resizeBilinear(image, Math.ceil(image.width / 2), Math.ceil(image.height / 2));
    image = levels[level];
  }
  if (!full || !image) throw new RangeError('A pyramid starts with its full image.');
  // Pixel centres: (x + 0.5) scales, not x.
  const toReduced = compose(
    translation(-0.5, -0.5),
    scaling(image.width / full.width, image.height / full.height),
    translation(0.5, 0.5),
  );
  return { image, toReduced };
}

function measure(image: Raster, channel: number, fieldOfView: Mask | undefined): ChannelStatistics {
  const { pixels, channels } = image;
  const inside = fieldOfView?.data;
  const histogram = new Float64Array(LEVELS);
  let count = 0;
  let sum = 0;
  for (let i = channel, pixel = 0; i < pixels.length; i += channels, pixel++) {
    if (inside && inside[pixel] === 0) continue;
    const value = pixels[i] ?? 0;
    const level = Math.min(LEVELS - 1, Math.max(0, Math.round(value)));
    histogram[level] = (histogram[level] ?? 0) + 1;
    count++;
    sum += value;
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = channel, pixel = 0; i < pixels.length; i += channels, pixel++) {
    if (!inside || inside[pixel] !== 0) squares += ((pixels[i] ?? 0) - mean) ** 2;
  }
  return { mean, deviation: Math.sqrt(squares / count), histogram: histogram.map((n) => n / count) };
}

/** Keeps loaded samples, the least recently used going first, within a number of bytes. */
export class SampleCache {
  readonly #words: readonly string[];
  readonly #maxBytes: number;
  readonly #loaded = new Map<TrainingSample, LoadedSample>();
  #bytes = 0;

  /** @param words whose masks are loaded with every frame */
  constructor(words: readonly string[], maxBytes: number) {
    this.#words = words;
    this.#maxBytes = maxBytes;
  }

  async load(sample: TrainingSample): Promise<LoadedSample> {
    let loaded = this.#loaded.get(sample);
    if (loaded) {
      this.#loaded.delete(sample);
    } else {
      loaded = await loadSample(sample, this.#words);
      this.#bytes += loaded.bytes;
    }
    this.#loaded.set(sample, loaded);
    for (const [oldest, { bytes }] of this.#loaded) {
      if (this.#bytes <= this.#maxBytes || oldest === sample) break;
      this.#loaded.delete(oldest);
      this.#bytes -= bytes;
    }
    return loaded;
  }
}
