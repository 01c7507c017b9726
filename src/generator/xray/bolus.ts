import type { Random } from '../../protocol/random.ts';
import { between } from '../draw/draws.ts';

/** Contrast on its way through a tree: an injection of some length, carried by the blood and spread on the way. */
export interface Bolus {
  /** Share of undiluted contrast after `way` pixels from the root; 0 before it comes, 1 at most. */
  readonly share: (way: number, seconds: number) => number;
  /** Share in the catheter, whose tip is the root. */
  readonly inCatheter: (seconds: number) => number;
  /** How much flows back into the aorta, 0 to 1. */
  readonly overflow: (seconds: number) => number;
  /** How much has passed into vessels too small to be seen, 0 to 1. */
  readonly stain: (seconds: number) => number;
}

/**
 * A run of `duration` seconds in which contrast arrives after a tenth, has reached the ends of the longest branch a
 * little after the middle, and is followed by clear blood towards the end.
 */
export function injectContrast(random: Random, longest: number, duration: number): Bolus {
  const begins = duration * between(random, 0.09, 0.11);
  const ends = duration * between(random, 0.74, 0.78);
  const speed = longest / (duration * between(random, 0.36, 0.42));
  const streaks = [0, 1, 2].map((k) => ({
    length: longest * between(random, 0.05, 0.12) * (k + 1),
    phase: 2 * Math.PI * random.uniform(),
  }));
  return {
    share(way, seconds) {
      // Blood in the middle of the stream goes ahead, that along the wall stays behind: the front grows longer.
      const spread = duration * (0.012 + (0.03 * way) / longest);
      const front = rise((seconds - begins - way / speed) / spread);
      const tail = rise((seconds - ends - way / (0.8 * speed)) / (2.5 * spread));
      const carried = way - speed * seconds;
      const uneven = streaks.reduce(
        (sum, { length, phase }) => sum + 0.04 * Math.sin((2 * Math.PI * carried) / length + phase),
        0,
      );
      // Well mixed once it has filled the vessel.
      const unmixed = 1 - 0.6 * rise((seconds - begins - way / speed) / (6 * spread) - 2);
      return Math.max(0, front * (1 - 0.8 * tail) * (0.92 + unmixed * uneven));
    },
    inCatheter: (seconds) =>
      rise((seconds - begins + 0.03 * duration) / (0.012 * duration)) *
      (1 - rise((seconds - ends) / (0.015 * duration))),
    overflow: (seconds) =>
      rise((seconds - begins - 0.06 * duration) / (0.03 * duration)) *
      (1 - rise((seconds - ends) / (0.04 * duration))),
    stain: (seconds) => rise((seconds - 0.75 * duration) / (0.08 * duration)),
  };
}

/** 0 long before, 1 long after; exactly 0 where it would not be seen. */
function rise(x: number): number {
  return x < -5 ? 0 : 1 / (1 + Math.exp(-x));
}
