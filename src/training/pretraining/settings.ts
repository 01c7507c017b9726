/** What a pretraining run is. Two runs with equal settings give equal weights, to the bit on the processor. */
import { z } from 'zod';
import { augmentationSchema } from '../augmentation.ts';
import { scheduleSchema } from '../schedule.ts';

const share = z.number().min(0).max(1);
const count = z.int().min(1).max(1_000_000_000);

export const pretrainingSettingsSchema = z.strictObject({
  seed: z
    .int()
    .min(0)
    .max(2 ** 20)
    .default(1),
  steps: count,
  /** Hash of the weights that the run starts from; from random ones without. */
  from: z.string().optional(),
  /** Hash of the weights whose detail head the run starts from. */
  head: z.string().optional(),
  /** Side of the images in pixels. */
  imageSize: z.int().min(64).max(1024).default(512),
  imagesPerStep: z.int().min(1).max(64).default(1),
  promptsPerImage: z.int().min(1).max(16).default(4),
  /** The first part of the run, in which only vessels are asked for. */
  firstLesson: share.default(0.06),
  /** The first part of the run, in which SAM learns by itself, before the head joins it. */
  samAlone: share.default(0.5),
  /** The part of the run in which clicks and boxes are prompts as well; words alone before and after. */
  spatial: z.strictObject({ from: share, to: share }).default({ from: 0.55, to: 0.75 }),
  /** Share of the images that are asked only for what they hold: from empty answers alone a model learns no structure. */
  onlyPresent: share.default(0.6),
  /**
   * How much more the pixels of what covers little of an image weigh (see `LossOptions.inverseFrequency`): much while
   * structures are learnt, since their background drowns them; little at the end, or masks come out too wide. Each of
   * `shares` holds for an equal part of the run.
   */
  rarity: z
    .strictObject({ shares: z.array(z.number().min(0).max(10)).min(1), floor: z.number().min(1e-4).max(1) })
    .default({ shares: [0.08, 0.08, 0.04, 0.02], floor: 0.004 }),
  /** Times that each drawn image is used, each time seen otherwise. */
  uses: z.int().min(1).max(100).default(2),
  /** Images of which the next is chosen: uses of one lie this far apart. */
  pool: z.int().min(1).max(1000).default(32),
  schedule: scheduleSchema.omit({ longRun: true }).default({
    // With 4e-4 and 8e-4, one image a step, SAM learnt less or nothing in its first hundreds of steps.
    learningRate: 2e-4,
    warmUpSteps: 50,
    decay: { kind: 'cosine', floor: 0.02 },
  }),
  augmentation: augmentationSchema.default(
    augmentationSchema.parse({
      flipX: 0.5,
      flipY: 0.5,
      rotation: { degrees: 180, probability: 0.5 },
      logScale: 0.35,
      saturation: { amount: 0.3, probability: 0.3 },
      gain: 0.1,
      offset: 0.1,
      logGamma: 0.25,
    }),
  ),
  /** Steps between looks at test images. */
  evaluateEvery: count.default(700),
});

/** Whether a step asks for vessels only. @param step counted from 1 */
export function isFirstLesson({ steps, firstLesson }: PretrainingSettings, step: number): boolean {
  return step <= steps * firstLesson;
}

/** Whether a step teaches SAM without the head. @param step counted from 1 */
export function isSamAlone(settings: PretrainingSettings, step: number): boolean {
  return step <= stepsAlone(settings);
}

/**
 * A step's place among those that train the same weights, counted from 1: the rate warms up anew for the head, and its
 * moments begin.
 */
export function stepOfLesson(settings: PretrainingSettings, step: number): number {
  return isSamAlone(settings, step) ? step : step - stepsAlone(settings);
}

function stepsAlone({ steps, samAlone }: PretrainingSettings): number {
  return Math.floor(steps * samAlone);
}

/** The share of `rarity` that holds at a step. @param step counted from 1 */
export function rarityShare({ steps, rarity: { shares } }: PretrainingSettings, step: number): number {
  return shares[Math.floor(((step - 1) / steps) * shares.length)] ?? 0;
}

/** Whether a step's prompts hold clicks and boxes. @param step counted from 1 */
export function isSpatial({ steps, spatial }: PretrainingSettings, step: number): boolean {
  const done = (step - 1) / steps;
  return done >= spatial.from && done < spatial.to;
}

export type PretrainingSettings = Readonly<z.infer<typeof pretrainingSettingsSchema>>;
export type PretrainingInput = Readonly<z.input<typeof pretrainingSettingsSchema>>;
