/** What the commands write to stdout with `--json`, so that machines (and our tests) can check what they read. */
import { z } from 'zod';
import { heldOutScoreSchema, trainingEventSchema } from '../protocol/events.ts';

const passedOver = z
  .array(z.strictObject({ device: z.string(), reason: z.string(), why: z.string().exactOptional() }))
  .readonly();

/** `train --json`: one of these on each line. The last is `result`, unless the run failed. */
export const trainLineSchema = z.union([
  trainingEventSchema,
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('device'), device: z.string(), passedOver }),
    z.strictObject({ kind: z.literal('message'), text: z.string() }),
    z.strictObject({
      kind: z.literal('factoring'),
      done: z.int(),
      total: z.int(),
      secondsLeft: z.number().nullable(),
    }),
    z.strictObject({
      kind: z.literal('result'),
      /** Of the adapter file; null when the run was cancelled before there was anything to keep. */
      adapter: z.string().nullable(),
      bytes: z.int().nullable(),
      reason: z.enum(['budget', 'patience', 'cancelled', 'failed']),
      /** The step whose parameters are in the file. */
      bestStep: z.int().nullable(),
      score: heldOutScoreSchema.nullable(),
    }),
  ]),
]);

export type TrainLine = z.infer<typeof trainLineSchema>;
