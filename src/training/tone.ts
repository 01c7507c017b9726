/** From grey levels to what the model is fed: augmented, then normalised. */
import { SAM_DEVIATION, SAM_MEAN } from '../imaging/geometry.ts';
import type { Random } from '../protocol/random.ts';
import type { Augmentation } from './augmentation.ts';

/** Number of entries of a tone curve: one for each whole grey level. */
export const LEVELS = 256;

/** What a model's normalisation needs to know of one channel of a frame, inside the field of view. */
export interface ChannelStatistics {
  readonly mean: number;
  readonly deviation: number;
  /** Share of pixels by rounded grey level; sums to 1. */
  readonly histogram: Float64Array;
}

export interface Tone {
  /** For each channel: the value fed at each whole grey level; linear between them. */
  readonly curves: readonly Float32Array[];
  /** Distance from grey is multiplied by this before the curves. */
  readonly saturation: number;
}

/** As for `normaliseInside`: less variation than this is rounding, not an image. */
const LEAST_DEVIATION = 1e-3;

/**
 * Draws a tone. The number of draws depends on the number of channels alone.
 * @param statistics one for each channel of the frame (1 or 3); the model's own are used where `sam`
 */
export function drawTone(
  statistics: readonly ChannelStatistics[],
  sam: boolean,
  augmentation: Augmentation,
  random: Random,
): Tone {
  const around = (change: Augmentation['saturation']): number => {
    const [happens, where] = [random.uniform(), random.uniform()];
    return change && happens < change.probability ? 1 + (2 * where - 1) * change.amount : 1;
  };
  const saturation = around(augmentation.saturation);
  const brightness = around(augmentation.brightness);
  const gamma = Math.exp((2 * random.uniform() - 1) * augmentation.logGamma);
  const levels = toneLevels(brightness, gamma);
  const noise = statistics.map(() => [
    1 + augmentation.gain * random.normal(),
    augmentation.offset * random.normal(),
  ]);
  // A grey frame fills three planes that SAM normalises each in its own way.
  const planes = sam ? [0, 1, 2] : statistics.map((_, channel) => channel);
  const curves = planes.map((plane) => {
    const channel = Math.min(plane, statistics.length - 1);
    const [gain = 1, offset = 0] = noise[channel] ?? [];
    const [mean, factor] = sam
      ? [SAM_MEAN[plane] ?? 0, 1 / (SAM_DEVIATION[plane] ?? 1)]
      : normalisation(statistics[channel], levels);
    return levels ? levels.map(fed) : Float32Array.from({ length: LEVELS }, (_, level) => fed(level));

    function fed(level: number): number {
      return (level - mean) * factor * gain + offset;
    }
  });
  return { curves, saturation };
}

/** The grey level that each becomes; undefined where all stay. */
function toneLevels(brightness: number, gamma: number): Float32Array | undefined {
  if (brightness === 1 && gamma === 1) return undefined;
  const top = LEVELS - 1;
  return Float32Array.from({ length: LEVELS }, (_, level) => {
    return top * Math.min(1, (level / top) * brightness) ** gamma;
  });
}

/** Mean and one over the deviation of a channel once its levels are changed. */
function normalisation(
  statistics: ChannelStatistics | undefined,
  levels: Float32Array | undefined,
): [mean: number, factor: number] {
  if (!statistics) return [0, 0];
  let { mean, deviation } = statistics;
  if (levels) {
    mean = 0;
    let squares = 0;
    for (let level = 0; level < LEVELS; level++) {
      mean += (levels[level] ?? 0) * (statistics.histogram[level] ?? 0);
      squares += (levels[level] ?? 0) ** 2 * (statistics.histogram[level] ?? 0);
    }
    deviation = Math.sqrt(Math.max(0, squares - mean ** 2));
  }
  return [mean, deviation > LEAST_DEVIATION ? 1 / deviation : 0];
}
