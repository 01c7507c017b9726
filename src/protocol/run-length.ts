/** How long a run lasts that was given a time, and a number of steps below which it would not have learnt enough. */

/**
 * Below it a run of a few frames of one patient has hardly begun: "Vein" and "Catheter" of the demonstration's coronary run have 0.820 and 0.657
 * after 6 steps, 0.843 and 0.828 after 12, 0.871 and 0.865 after 18, 0.881 and 0.855 after 24 (bench/drafts.md).
 */
export const LEAST_STEPS = 24;

/** A slow machine may take so many times the time for them. */
export const LONGEST = 3;

export interface RunLength {
  readonly steps: number;
  readonly seconds: number;
}

/**
 * @param seconds that it was given
 * @param leastSteps below which it goes on; 0 for none
 */
export function runLength(seconds: number, leastSteps: number, secondsPerStep: number): RunLength {
  const stepsIn = (time: number): number => Math.floor(time / secondsPerStep);
  const longest = LONGEST * seconds;
  return {
    steps: Math.max(1, stepsIn(seconds), Math.min(leastSteps, stepsIn(longest))),
    seconds: Math.max(seconds, Math.min(leastSteps * secondsPerStep, longest)),
  };
}
