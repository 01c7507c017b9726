/** The learning rate over a run, as a function of the share of the budget that is used up. */
import { z } from 'zod';

const positive = z.number().positive().max(100);

export const scheduleSchema = z.strictObject({
  /** After the warm-up. */
  learningRate: positive,
  /**
   * A run of so many steps or more has this rate instead; up to half as many it has its own, and in between the rate grows
   * geometrically. A time limit's steps are those that its first steps promise. Null: every run has the same.
   */
  longRun: z
    .strictObject({ steps: z.int().min(2).max(1_000_000_000), learningRate: positive })
    .nullable()
    .default(null),
  /** Steps over which the rate rises linearly from `learningRate / warmUpSteps`; 0 for none. */
  warmUpSteps: z.int().min(0).max(1_000_000).default(0),
  decay: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('constant') }),
      /** Half a cosine from 1 to `floor`, reached at the end (Loshchilov & Hutter, "SGDR", 2017, one period). */
      z.strictObject({ kind: z.literal('cosine'), floor: z.number().min(0).max(1).default(0) }),
      /** Multiplied by `factor` at `drops` evenly spaced points. */
      z.strictObject({
        kind: z.literal('steps'),
        drops: z.int().min(1).max(1000),
        factor: z.number().positive().max(1),
      }),
    ])
    .default({ kind: 'cosine', floor: 0 }),
});

export type Schedule = Readonly<z.infer<typeof scheduleSchema>>;

/** The schedule of a run whose length is known. */
export type RunSchedule = Omit<Schedule, 'longRun'>;

/** A short run warms up for no more than this share of it. */
const WARM_UP_SHARE = 0.1;

/** @param steps of the whole run */
export function scheduleOfRun({ longRun, ...schedule }: Schedule, steps: number): RunSchedule {
  const warmUpSteps = Math.min(schedule.warmUpSteps, Math.ceil(steps * WARM_UP_SHARE));
  const { learningRate } = schedule;
  if (!longRun) return { ...schedule, warmUpSteps };
  const half = longRun.steps / 2;
  const share = Math.min(1, Math.max(0, (steps - half) / half));
  const own = learningRate * (longRun.learningRate / learningRate) ** share;
  return { ...schedule, warmUpSteps, learningRate: own };
}

/**
 * @param fraction of the budget (steps, epochs or time) used up before this step, 0 to 1
 * @param step counted from 1
 */
export function learningRateAt(schedule: RunSchedule, fraction: number, step: number): number {
  const { learningRate, warmUpSteps, decay } = schedule;
  const warmUp = warmUpSteps > 0 ? Math.min(1, step / warmUpSteps) : 1;
  return learningRate * warmUp * decayAt(decay, Math.min(1, Math.max(0, fraction)));
}

function decayAt(decay: Schedule['decay'], fraction: number): number {
  switch (decay.kind) {
    case 'constant':
      return 1;
    case 'cosine':
      return decay.floor + ((1 - decay.floor) * (1 + Math.cos(Math.PI * fraction))) / 2;
    case 'steps':
      return decay.factor ** Math.min(decay.drops, Math.floor(fraction * (decay.drops + 1)));
  }
}
