/**
 * What a training run says while it goes on: to a terminal, a panel, a queue. Plain JSON, one object for each
 * event; numbers that are not known (yet) are null.
 */
import { z } from 'zod';
import { runNoteSchema } from './run-note.ts';

const count = z.int().min(0);
const seconds = z.number().min(0);

/** Scores on the held-out samples at their own size, inside the field of view; means over samples and words. */
export const heldOutScoreSchema = z.strictObject({
  dice: z.number().min(0).max(1),
  /** 95th percentile of the symmetric surface distance in pixels, as `evaluate` defines it for empty masks. */
  hd95: z.number().min(0),
});

export type HeldOutScore = Readonly<z.infer<typeof heldOutScoreSchema>>;

export const trainingEventSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('started'),
    plan: z.enum(['whole', 'staged']),
    /** Why this plan, with its memory. */
    reason: z.string(),
    /** Estimated peak of a step's tensors. */
    memoryBytes: count.nullable(),
    /** Numbers that are trained. */
    parameters: count,
    trainingSamples: count,
    heldOutSamples: count,
    stepsPerEpoch: count,
    /** The step that the run goes on after; 0 for a new one. */
    resumedAt: count,
  }),
  z.strictObject({
    kind: z.literal('planned'),
    /** Of the whole run; estimated from a measured step when it is limited by time. */
    steps: count,
    /** Steps between evaluations. */
    evaluateEvery: count,
  }),
  z.strictObject({
    kind: z.literal('step'),
    /** Counted from 1. */
    step: count,
    epoch: count,
    loss: z.strictObject({
      focal: z.number(),
      dice: z.number(),
      penalty: z.number(),
      total: z.number(),
    }),
    learningRate: z.number().min(0),
    /** Before clipping. */
    gradientNorm: z.number().min(0),
    imagesPerSecond: z.number().min(0),
    /** Share of the budget that is used up. */
    fraction: z.number().min(0).max(1),
    secondsLeft: seconds.nullable(),
  }),
  z.strictObject({
    kind: z.literal('evaluation'),
    step: count,
    epoch: count,
    score: heldOutScoreSchema,
    /** Whether it is the best so far; step 0, before any training, is not in the running. */
    best: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('checkpoint'), step: count, bytes: count }),
  z.strictObject({ kind: z.literal('warning'), message: z.string(), note: runNoteSchema.exactOptional() }),
  z.strictObject({
    kind: z.literal('finished'),
    reason: z.enum(['budget', 'patience', 'cancelled']),
    /** Steps done. */
    step: count,
    /** The step whose parameters are the result. */
    bestStep: count,
    score: heldOutScoreSchema.nullable(),
    seconds,
  }),
]);

export type TrainingEvent = z.infer<typeof trainingEventSchema>;
