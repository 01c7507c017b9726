import { SaltError } from '../protocol/errors.ts';
import { LEAST_STEPS, LONGEST } from '../protocol/run-length.ts';
import type { Budget } from './settings.ts';

/** How much of a run is done, whether it is limited in steps, epochs or time. */
export interface BudgetClock {
  /** Of the whole run; for a limit in time, an estimate from the measured step. */
  readonly steps: number;
  /** Share used up, 0 to 1; of a time, what came before the first step is no part of it. */
  fraction(step: number, elapsedSeconds: number): number;
  /** Whether another step would exceed the budget. The first is always taken. */
  isSpent(step: number, elapsedSeconds: number): boolean;
  secondsLeft(step: number, elapsedSeconds: number): number;
  /**
   * Before the first step.
   * @throws SaltError `INVALID_ARGUMENT` when judging the held-out frames leaves no time to learn in. Where setting up alone took it, a step is
   *   taken all the same, at next to no rate: so it is on a machine that is busy for a moment.
   */
  demandTime(): void;
}

export interface Pace {
  readonly secondsPerStep: number;
  /** To be kept back for a last evaluation. */
  readonly secondsPerEvaluation: number;
  /** That passed without a step: to set up, to judge the start, to rehearse. Default: 0. */
  readonly begunSeconds?: number;
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
    demandTime: () => undefined,
  };
}

/**
 * Two limits that both have to be reached, the time and the least number of steps, and a longest time that ends it anyway.
 * @param seconds of the time
 */
function timeClock(seconds: number, leastSteps: number, pace: () => Pace): BudgetClock {
  const usable = (): number => Math.max(0, seconds - pace().secondsPerEvaluation);
  const longest = (): number => LONGEST * seconds - pace().secondsPerEvaluation;
  const begun = (): number => pace().begunSeconds ?? 0;
  const share = (limit: number, elapsed: number): number => shareOf(limit - begun(), elapsed - begun());
  const stepsIn = (limit: number): number => Math.floor(Math.max(0, limit - begun()) / pace().secondsPerStep);
  const isOver = (limit: number, elapsed: number): boolean => elapsed + pace().secondsPerStep > limit;
  const steps = (): number =>
    Math.max(1, stepsIn(usable()), Math.min(leastSteps, stepsIn(LONGEST * usable())));
  return {
    get steps() {
      return steps();
    },
    fraction: (step, elapsed) => {
      const ofBoth = Math.min(share(usable(), elapsed), shareOf(leastSteps, step));
      const done = Math.min(1, Math.max(ofBoth, share(longest(), elapsed)));
      // Fewer steps enter the schedule late, at a falling rate: at the whole rate they left a Dice of 0.388 on the demonstration's
      // photograph, painted in part, where 0.769 is reached so (bench/drafts.md).
      return 1 - (1 - done) * Math.min(1, steps() / LEAST_STEPS);
    },
    isSpent: (step, elapsed) => step > 0 && isOver(step < leastSteps ? longest() : usable(), elapsed),
    secondsLeft: (step, elapsed) => {
      const { secondsPerStep, secondsPerEvaluation } = pace();
      const forSteps = Math.max(0, leastSteps - step) * secondsPerStep + secondsPerEvaluation;
      return Math.max(0, seconds - elapsed, Math.min(forSteps, LONGEST * seconds - elapsed));
    },
    demandTime() {
      const judging = Math.ceil(2 * pace().secondsPerEvaluation);
      const limit = leastSteps > 0 ? LONGEST * seconds : seconds;
      if (judging < limit) return;
      throw new SaltError(
        'INVALID_ARGUMENT',
        `To judge by the held-out frames, before and after, takes about ${judging} s: of ${Math.round(limit)} s nothing is left to learn in. Give more time (--minutes), or hold out fewer frames (--held-out).`,
        { seconds: limit, judging },
      );
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
