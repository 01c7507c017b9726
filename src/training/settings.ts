/** What a person chooses about a training run, whatever the model. Plain JSON. */
import { z } from 'zod';
import { augmentationSchema } from './augmentation.ts';
import { ADAMW_DEFAULTS } from './adamw.ts';
import { SALT_LOSS } from './loss.ts';
import { scheduleSchema } from './schedule.ts';

const factor = z.number().min(0).max(1e6);
const countOf = (most: number) => z.int().min(1).max(most);

const budgetSchema = z.union([
  z.strictObject({ epochs: countOf(1_000_000) }),
  z.strictObject({ steps: countOf(1_000_000_000) }),
  z.strictObject({
    /** Wall-clock time of the training, evaluations included. */
    minutes: z.number().positive().max(1_000_000),
    /** Where the time is too short for so many, it lasts until they are taken, but no longer than `LONGEST` times as long. */
    leastSteps: countOf(1_000_000).exactOptional(),
  }),
]);

export type Budget = Readonly<z.infer<typeof budgetSchema>>;

const lossSchema = z.strictObject({
  focalAlpha: z.number().min(0).max(1),
  focalGamma: z.number().min(0).max(16),
  diceSmooth: factor,
  focalWeight: factor,
  diceWeight: factor,
  diceOver: z.enum(['batch', 'sample']).optional(),
  penaltyWeight: factor,
});

const optimiserSchema = z.strictObject({
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  epsilon: z.number().positive().max(1),
  weightDecay: z.number().min(0).max(1),
});

export const trainingSettingsSchema = z.strictObject({
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  /** What is segmented; in the order of the model's outputs, where it has one for each word. */
  words: z
    .array(z.string().trim().min(1).max(200))
    .min(1)
    .max(256)
    .refine((words) => new Set(words).size === words.length, 'each word is named once')
    .readonly(),
  budget: budgetSchema,
  /** Batches whose gradients are added up before each update. The Dice term is taken of each batch by itself. */
  accumulate: countOf(1024).default(1),
  /** `frame`: the whole frame, or a part enlarged; `native`: a crop that keeps its resolution. */
  crop: z.enum(['frame', 'native']),
  augmentation: augmentationSchema,
  /** Masks were painted by hand: their rims count neither way. */
  forgiveEdges: z.boolean().default(false),
  loss: lossSchema.default(SALT_LOSS),
  optimiser: optimiserSchema.default(ADAMW_DEFAULTS),
  schedule: scheduleSchema,
  /** Gradients longer than this are shortened to it; null leaves them. */
  clipNorm: z.number().positive().max(1e9).nullable().default(1),
  /** Share of the samples that is held out, where the data set has no split of its own. */
  heldOutShare: z.number().min(0).max(0.9).default(0.2),
  evaluation: z
    .strictObject({
      /** Steps between evaluations; null: at each epoch's end, or more rarely where that would take too long. */
      everySteps: countOf(1_000_000_000).nullable().default(null),
      flips: z.union([z.literal(1), z.literal(2), z.literal(4)]).default(1),
      threshold: z.number().gt(0).lt(1).default(0.5),
    })
    .default({ everySteps: null, flips: 1, threshold: 0.5 }),
  /** Ends the run after this many evaluations in a row without a better one; null: never. */
  patience: countOf(1_000_000).nullable().default(null),
});

export type TrainingSettings = Readonly<z.infer<typeof trainingSettingsSchema>>;
/** As a person writes it: what is left out takes its default. */
export type TrainingSettingsInput = Readonly<z.input<typeof trainingSettingsSchema>>;
