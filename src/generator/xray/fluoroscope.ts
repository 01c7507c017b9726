import type { Random } from '../../protocol/random.ts';
import { between } from '../draw/draws.ts';
import { gaussianBlur, smoothNoise } from '../draw/fields.ts';
import type { CineLook } from './cine-look.ts';
import type { Shown } from './display.ts';
import type { Exposure } from './exposure.ts';

/** One image of a run as the machine shows it, with what is needed to say what can be seen in it. */
export interface Shot {
  /** Whole grey levels, 0 to 255. */
  readonly pixels: Float32Array;
  readonly exposure: Exposure;
  readonly shown: Shown;
}

/** A machine whose settings stay the same over a run, and whose noise does not. */
export interface Fluoroscope {
  /** @param attenuation of all that lies in the beam's way */
  shoot(attenuation: Float32Array): Shot;
}

/** Least beam whose logarithm is taken. */
const FLOOR = 0.01;
/** What is left of the noise when the image before is mixed in, again and again. */
const calmed = (lag: number): number => Math.sqrt((1 - lag) / (1 + lag));

/**
 * Beer and Lambert's law, scatter, unsharpness, counting noise, a logarithm, some of the image before, edge
 * enhancement, a fixed window and a gamma curve.
 * @param empty attenuation without contrast, on which the machine sets its window
 */
export function openFluoroscope(
  random: Random,
  look: CineLook,
  empty: Float32Array,
  size: number,
): Fluoroscope {
  const scatter = between(random, 0.2, 0.3);
  const unsharpness = (size / 512) * between(random, 0.8, 1);
  const amount = between(random, 0.5, 0.8);
  const noise = (1 - Math.exp(-look.greatest)) / look.contrastToNoise;
  const behind = (attenuation: Float32Array): Float32Array => {
    const beam = attenuation.map((value) => Math.exp(-value));
    const veil = gaussianBlur(beam, size, size, 0.12 * size);
    for (let i = 0; i < beam.length; i++) beam[i] = (1 - scatter) * (beam[i] ?? 0) + scatter * (veil[i] ?? 0);
    return gaussianBlur(beam, size, size, unsharpness);
  };
  const amplified = (beam: number): number => Math.log(Math.max(FLOOR, beam));
  const calm = behind(empty);
  const window = windowOf(calm.map(amplified), look);
  // A logarithm divides the noise by the beam.
  const typical = calm.reduce((sum, beam) => sum + beam, 0) / calm.length;
  const deviationAt = (beam: number): number => noise * Math.sqrt(Math.max(0.03, beam));
  let before: Float32Array | undefined;
  return {
    shoot(attenuation) {
      const soft = behind(attenuation);
      const grain = smoothNoise(random, size, size, (size / 512) * look.grain);
      const signal = new Float32Array(soft.length);
      // The machine has run for a while when the first image is kept: its noise is calmed as well.
      const [lag, first] = before ? [look.lag, 1] : [0, calmed(look.lag)];
      for (let i = 0; i < signal.length; i++) {
        const beam = soft[i] ?? 0;
        const counted = beam + first * deviationAt(beam) * (grain[i] ?? 0);
        signal[i] = (1 - lag) * amplified(counted) + lag * (before?.[i] ?? 0);
      }
      before = signal;
      const blurred = gaussianBlur(signal, size, size, (size / 512) * 3);
      const sharp = signal.map((value, i) => value + amount * (value - (blurred[i] ?? 0)));
      return {
        pixels: sharp.map((value) => Math.round(window(value))),
        exposure: {
          signal,
          noise: (noise * calmed(look.lag)) / Math.sqrt(typical),
          contrastOf: (_, more) => Math.log1p((1 - scatter) * Math.expm1(more)),
        },
        shown: {
          pixels: sharp,
          greyLevels: (i, contrast) => window((signal[i] ?? 0) + contrast) - window(signal[i] ?? 0),
        },
      };
    },
  };
}

/** Steps of the table that bends grey levels. */
const STEPS = 4080;

/** From the logarithm of the beam to grey levels: the chest fills the upper two thirds, room for contrast below. */
function windowOf(chest: Float32Array, { greatest, gamma }: CineLook): (signal: number) => number {
  const sample = chest.filter((_, i) => i % 37 === 0).sort();
  const at = (share: number): number => sample[Math.floor(share * (sample.length - 1))] ?? 0;
  const [lower, upper] = [at(0.02) - 0.35 * greatest, at(0.995) + 0.05];
  const bent = Float32Array.from({ length: STEPS + 1 }, (_, k) => 255 * (k / STEPS) ** gamma);
  const scale = STEPS / (upper - lower);
  return (signal) => bent[Math.round(Math.min(STEPS, Math.max(0, (signal - lower) * scale)))] ?? 0;
}
