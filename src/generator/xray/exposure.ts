import type { Random } from '../../protocol/random.ts';
import { between, chance, logBetween } from '../draw/draws.ts';
import { gaussianBlur, smoothNoise } from '../draw/fields.ts';
import { normalField } from '../draw/noise.ts';
import type { XrayLook } from './look.ts';

/** What lies in the beam's way, as attenuation at each pixel. */
export interface Layers {
  /** What lay there before the contrast came: tissue, bones, devices. */
  readonly still: Float32Array;
  /** What came with the contrast. */
  readonly flowing: Float32Array;
  /** Attenuation of the widest filled vessel. */
  readonly greatest: number;
}

/** What the detector gives, before the machine processes it; about 1 in an unweakened beam. */
export interface Exposure {
  readonly signal: Float32Array;
  /** Deviation of the noise where the signal is 1. */
  readonly noise: number;
  /** By how much `attenuation` has lowered the signal at pixel `i`. */
  readonly contrastOf: (i: number, attenuation: number) => number;
}

/** The beam behind the patient: Beer and Lambert's law, scatter, and at times a logarithmic amplifier. */
export function expose(
  random: Random,
  look: XrayLook,
  layers: Layers,
  passed: Float32Array | null,
  size: number,
): Exposure {
  const { still } = layers;
  const flowing = chance(random, 0.12 * look.disturbance)
    ? smear(random, layers.flowing, size)
    : layers.flowing;
  let beam = new Float32Array(still.length);
  const heel = smoothNoise(random, size, size, size * 0.8);
  const falloff = between(random, 0, 0.12);
  for (let i = 0; i < beam.length; i++) {
    beam[i] = Math.exp(-((still[i] ?? 0) + (flowing[i] ?? 0) + falloff * (heel[i] ?? 0)));
  }
  if (passed) for (let i = 0; i < beam.length; i++) beam[i] = (beam[i] ?? 0) * (passed[i] ?? 1);
  const scatter = chance(random, 0.5) ? between(random, 0.05, 0.4) : 0;
  if (scatter > 0) {
    // Scattered quanta and glare in the image intensifier veil the picture.
    const veil = gaussianBlur(beam, size, size, size * between(random, 0.05, 0.2));
    for (let i = 0; i < beam.length; i++) beam[i] = (1 - scatter) * (beam[i] ?? 0) + scatter * (veil[i] ?? 0);
  }
  const noise = (1 - Math.exp(-layers.greatest)) / logBetween(random, ...look.contrastToNoise);
  const soft = gaussianBlur(beam, size, size, drawUnsharpness(random, size));
  beam = addGrain(random, soft, noise, size);
  if (chance(random, 0.6)) {
    return {
      signal: beam,
      noise,
      contrastOf: (i, attenuation) => (1 - scatter) * (soft[i] ?? 0) * Math.expm1(attenuation),
    };
  }
  const signal = new Float32Array(beam.length);
  for (let i = 0; i < signal.length; i++) signal[i] = 1 + Math.log(Math.max(FLOOR, beam[i] ?? 0)) / 3;
  const contrastOf = (i: number, attenuation: number): number => {
    const weakened = Math.max(FLOOR, soft[i] ?? 0);
    return Math.log1p(((1 - scatter) * weakened * Math.expm1(attenuation)) / weakened) / 3;
  };
  return { signal, noise: noise / 3, contrastOf };
}

/** Least beam whose logarithm an amplifier takes. */
const FLOOR = 0.02;

/** Logarithms subtracted: the contrast alone, and what moved between the mask image and this one. */
export function subtract(
  random: Random,
  look: XrayLook,
  { still, flowing, greatest }: Layers,
  size: number,
): Exposure {
  const signal = new Float32Array(flowing.length);
  const moved = chance(random, 0.6) ? (size / 512) * logBetween(random, 0.1, 3) : 0;
  const across = smoothNoise(random, size, size, size * 0.4);
  const down = smoothNoise(random, size, size, size * 0.4);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const fromX = Math.min(size - 1, Math.max(0, x + moved * (1 + 0.5 * (across[i] ?? 0))));
      const fromY = Math.min(size - 1, Math.max(0, Math.round(y + moved * (down[i] ?? 0))));
      const column = Math.min(size - 2, Math.floor(fromX));
      const [a, b] = [still[fromY * size + column] ?? 0, still[fromY * size + column + 1] ?? 0];
      const residue = moved > 0 ? a + (fromX - column) * (b - a) - (still[i] ?? 0) : 0;
      signal[i] = 1 - (flowing[i] ?? 0) - residue;
    }
  }
  const noise = greatest / logBetween(random, ...look.contrastToNoise);
  const soft = gaussianBlur(signal, size, size, drawUnsharpness(random, size));
  return { signal: addGrain(random, soft, noise, size), noise, contrastOf: (_, attenuation) => attenuation };
}

/** Of focal spot and detector, in pixels. */
function drawUnsharpness(random: Random, size: number): number {
  return (size / 512) * logBetween(random, 0.35, 1.3);
}

/** Vessels that moved while the beam was on: the mean over a short straight way. */
function smear(random: Random, field: Float32Array, size: number): Float32Array {
  const reach = (size / 512) * between(random, 1, 4);
  const around = between(random, 0, Math.PI);
  const taps = 5;
  const out = new Float32Array(field.length);
  for (let tap = 0; tap < taps; tap++) {
    const way = reach * (tap / (taps - 1) - 0.5);
    const shift = Math.round(way * Math.cos(around)) + size * Math.round(way * Math.sin(around));
    for (let i = Math.max(0, -shift); i < Math.min(field.length, field.length - shift); i++) {
      out[i] = (out[i] ?? 0) + (field[i + shift] ?? 0) / taps;
    }
  }
  return out;
}

/** Counting noise, correlated over neighbours by the detector; stronger where the beam is. In place. */
function addGrain(
  random: Random,
  beam: Float32Array,
  deviation: number,
  size: number,
): Float32Array<ArrayBuffer> {
  const grain = chance(random, 0.6)
    ? smoothNoise(random, size, size, logBetween(random, 0.5, 2.2))
    : normalField(random, beam.length);
  const out = new Float32Array(beam.length);
  for (let i = 0; i < beam.length; i++) {
    const value = beam[i] ?? 0;
    out[i] = value + deviation * Math.sqrt(Math.min(2, Math.max(0.05, value))) * (grain[i] ?? 0);
  }
  return out;
}
