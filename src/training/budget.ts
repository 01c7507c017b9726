import { LONGEST, runLength } from '../protocol/run-length.ts';
import type { Budget } from './settings.ts';

/** How much of a run is done, whether it is limited in steps, epochs or time. */
export interface BudgetClock {
  /** Of the whole run; for a limit in time, an estimate from the measured step. */
  readonly steps: number;
  /** Share used up, 0 to 1. */
  fraction(step: number, elapsedSeconds: number): number;
  /** Whether another step would exceed the budget. The first is always taken. */
  isSpent(step: number, elapsedSeconds: number): boolean;
  secondsLeft(step: number, elapsedSeconds: number): number;
}

export interface Pace {
  readonly secondsPerStep: number;
  /** To be kept back for a last evaluation. */
  readonly secondsPerEvaluation: number;
}

/** @param pace asked for anew each time, since it is learnt on the way */
export function budgetClock(budget: Budget, stepsPerEpoch: number, pace: () => Pace): BudgetClock {
  if ('minutes' in budget) return timeClock(budget.minutes * 60, budget.leastSteps ?? 0, pace);
  const steps = 'steps' in budget ? budget.steps : budget.epochs * stepsPerEpoch;
  return {
    steps,
    fraction: (step) => step / steps,
    isSpent: (step) => step >= steps,
    secondsLeft: (step) => (steps - step) * pace().secondsPerStep,
  };
}

/**
 * Two limits that both have to be reached, the time and the least number of steps, and a longest time that ends it anyway.
 * @param seconds of the time
 */
function timeClock(seconds: number, leastSteps: number, pace: () => Pace): BudgetClock {
  const usable = (): number => Math.max(0, seconds - pace().secondsPerEvaluation);
  const longest = (): number => LONGEST * seconds - pace().secondsPerEvaluation;
  const isOver = (limit: number, elapsed: number): boolean => elapsed + pace().secondsPerStep > limit;
  return {
    get steps() {
      return runLength(usable(), leastSteps, pace().secondsPerStep).steps;
    },
    fraction: (step, elapsed) => {
      const ofBoth = Math.min(shareOf(usable(), elapsed), shareOf(leastSteps, step));
      return Math.min(1, Math.max(ofBoth, shareOf(longest(), elapsed)));
    },
    isSpent: (step, elapsed) => step > 0 && isOver(step < leastSteps ? longest() : usable(), elapsed),
    secondsLeft: (step, elapsed) => {
      const { secondsPerStep, secondsPerEvaluation } = pace();
      const forSteps = Math.max(0, leastSteps - step) * secondsPerStep + secondsPerEvaluation;
      return Math.max(0, seconds - elapsed, Math.min(forSteps, LONGEST * seconds - elapsed));
    },
  };
}

/** Nothing is all of nothing. */
function shareOf(whole: number, part: number): number {
  return whole > 0 ? part / whole : 1;
}

/** Evaluations in a run at most, unless asked for. */
const MAX_EVALUATIONS = 40;
/** Share of a run limited in time that evaluations may take. */
const EVALUATION_SHARE = 0.1;

/** Steps between evaluations: an epoch, or a few where epochs are short. */
export function evaluationInterval(
  everySteps: number | null,
  stepsPerEpoch: number,
  clock: Pick<BudgetClock, 'steps'>,
  timed: Pace | undefined,
): number {
  if (everySteps !== null) return everySteps;
  const byCount = Math.ceil(clock.steps / MAX_EVALUATIONS);
  // Time is only looked at where it decides the run anyway; otherwise runs would differ from machine to machine.
  const byTime = timed ? Math.ceil(timed.secondsPerEvaluation / EVALUATION_SHARE / timed.secondsPerStep) : 0;
  return stepsPerEpoch * Math.ceil(Math.max(byCount, byTime, 1) / stepsPerEpoch);
}
