/** Training requests as they lie in the store. */
import { z } from 'zod';
import { annotationSchema, framePixelsSchema } from '../../protocol/frames.ts';

export const choicesSchema = z.strictObject({
  name: z.string().min(1),
  model: z.string(),
  words: z.array(z.string()).min(1),
  method: z.enum(['salt', 'ssam', 'lora', 'head']),
  budget: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('minutes'),
      minutes: z.number(),
      leastSteps: z.exactOptional(z.number()),
    }),
    z.strictObject({ kind: z.literal('steps'), steps: z.number() }),
    z.strictObject({ kind: z.literal('epochs'), epochs: z.number() }),
  ]),
  seed: z.number(),
  rank: z.exactOptional(z.number()),
  loraRank: z.exactOptional(z.number()),
  layers: z.exactOptional(z.array(z.string())),
  learningRate: z.exactOptional(z.number()),
});

export const requestSchema = z.strictObject({
  choices: choicesSchema,
  annotations: z
    .array(annotationSchema)
    .min(1)
    .refine(
      (annotations) => new Set(annotations.map(({ id }) => id)).size === annotations.length,
      'every annotation has an id of its own',
    ),
  preview: z.exactOptional(framePixelsSchema),
  /** The file of the adapter to go on from: it may be removed meanwhile. */
  from: z.exactOptional(z.instanceof(Uint8Array<ArrayBuffer>)),
});

/** A `TrainRequest` whose `from` is the adapter itself. */
export type StoredRequest = Readonly<z.infer<typeof requestSchema>>;
