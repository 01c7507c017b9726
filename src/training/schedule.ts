/** The learning rate over a run, as a function of the share of the budget that is used up. */
import { z } from 'zod';

const positive = z.number().positive().max(100);

export const scheduleSchema = z.strictObject({
  /** After the warm-up. */
  learningRate: positive,
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

/**
 * @param fraction of the budget (steps, epochs or time) used up before this step, 0 to 1
 * @param step counted from 1
 */
export function learningRateAt(schedule: Schedule, fraction: number, step: number): number {
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
