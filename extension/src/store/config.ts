/** What a site may set in the viewer's configuration. Everything has a default. */
import { z } from 'zod';
import { SaltError } from '../../../src/protocol/errors.ts';
import { LEAST_STEPS } from '../../../src/protocol/run-length.ts';

/** A word, as long as the label of a DICOM segment may be (VR LO, PS3.5 6.2). */
export const wordSchema = z.string().trim().min(1).max(64);

const codeSchema = z.strictObject({
  value: z.string().min(1).max(16),
  scheme: z.string().min(1).max(16),
  meaning: z.string().min(1).max(64),
});

const configSchema = z.strictObject({
  /** Words that a new user finds at the top of the panel. */
  words: z.array(wordSchema).min(1).default(['Vein']),
  /** Words that are offered for a second segment. */
  suggestions: z
    .array(z.string())
    .default(['Vein', 'Artery', 'Vessel', 'Coronary artery', 'Catheter', 'Stent', 'Aneurysm']),
  /**
   * How long fine-tuning may take. `label` is needed unless `id` is quick, balanced or thorough. A machine so slow that `leastSteps` do not fit
   * into the minutes takes up to thrice as long for them.
   */
  presets: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        label: z.string().min(1).exactOptional(),
        minutes: z.number().positive().max(600),
        leastSteps: z.int().min(1).max(10_000).exactOptional(),
      }),
    )
    .min(1)
    .default([
      { id: 'quick', minutes: 1.5, leastSteps: LEAST_STEPS },
      { id: 'balanced', minutes: 5, leastSteps: LEAST_STEPS },
      { id: 'thorough', minutes: 15, leastSteps: LEAST_STEPS },
    ]),
  /** `id` of the preset that is chosen at first. */
  preset: z.string().default('quick'),
  method: z.enum(['salt', 'ssam', 'lora']).default('salt'),
  /** DICOM codes of words, before those that the extension knows. Keys are words in lower case. */
  codes: z.record(z.string(), z.strictObject({ category: codeSchema, type: codeSchema })).default({}),
  /** Base models that are offered, by id; without it all that the back end has. */
  models: z.array(z.string()).exactOptional(),
  threshold: z.number().min(0).max(1).default(0.5),
  minimumSize: z.int().min(0).default(12),
  heldOutShare: z.number().min(0).max(0.9).default(0.2),
  /** Whether the series on screen is segmented as soon as fine-tuning has finished. */
  segmentAfterTraining: z.boolean().default(true),
  /** Diameter of the brush that a draft puts in the user's hand, in pixels of the image. */
  brushDiameter: z.number().positive().default(5),
  /** Version that saved segmentations state (Segmentation Algorithm Version). */
  version: z.string().default('0.1.0'),
});

export type SaltConfig = Readonly<z.infer<typeof configSchema>>;

/** @throws SaltError INVALID_ARGUMENT with the fields that are wrong */
export function readConfig(input: unknown = {}): SaltConfig {
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) {
    throw new SaltError(
      'INVALID_ARGUMENT',
      `The configuration of the SALT extension cannot be used: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { preset, presets } = parsed.data;
  return presets.some(({ id }) => id === preset)
    ? parsed.data
    : { ...parsed.data, preset: presets[0]?.id ?? preset };
}
