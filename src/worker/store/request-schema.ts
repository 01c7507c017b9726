/** Training requests as they lie in the store. */
import { z } from 'zod';

const side = z.int().min(1).max(65_535);

const frameSchema = z
  .strictObject({
    width: side,
    height: side,
    channels: z.union([z.literal(1), z.literal(3)]),
    values: z.union([
      z.instanceof(Uint8Array),
      z.instanceof(Uint16Array),
      z.instanceof(Int16Array),
      z.instanceof(Int32Array),
      z.instanceof(Float32Array),
    ]),
    window: z.exactOptional(z.strictObject({ lower: z.number(), upper: z.number() })),
    inverted: z.exactOptional(z.boolean()),
  })
  .refine(
    ({ width, height, channels, values }) => values.length === width * height * channels,
    'a frame has as many values as its size says',
  );

const maskSchema = z
  .strictObject({ width: side, height: side, data: z.instanceof(Uint8Array) })
  .refine(
    ({ width, height, data }) => data.length === width * height,
    'a mask has as many values as its size says',
  );

export const annotationSchema = z.strictObject({
  id: z.string().min(1),
  frame: frameSchema,
  masks: z.array(z.strictObject({ word: z.string(), mask: maskSchema })),
  group: z.exactOptional(z.string()),
  role: z.enum(['train', 'heldOut']),
});

export const choicesSchema = z.strictObject({
  name: z.string().min(1),
  model: z.string(),
  words: z.array(z.string()).min(1),
  method: z.enum(['salt', 'ssam', 'lora', 'head']),
  budget: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('minutes'), minutes: z.number() }),
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
  preview: z.exactOptional(frameSchema),
  /** The file of the adapter to go on from: it may be removed meanwhile. */
  from: z.exactOptional(z.instanceof(Uint8Array<ArrayBuffer>)),
});

/** A `TrainRequest` whose `from` is the adapter itself. */
export type StoredRequest = Readonly<z.infer<typeof requestSchema>>;
