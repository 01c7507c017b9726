import type { MethodInput } from '../adapters/index.ts';
import { SaltError } from '../protocol/errors.ts';
import { faultsOf } from '../protocol/faults.ts';
import { AUGMENTATIONS } from './augmentation.ts';
import type { Augmentation, AugmentationPreset } from './augmentation.ts';
import type { Preset } from './presets.ts';
import { trainingSettingsSchema } from './settings.ts';
import type { Budget, TrainingSettings } from './settings.ts';

/** What a person chose about a run; whatever is left out follows from the model. Plain data. */
export interface RunChoices {
  /** What is to be learnt. */
  readonly words: readonly string[];
  readonly budget: Budget;
  readonly seed: number;
  /** Default: SALT for a SAM; a U-Net trains in full. */
  readonly method?: MethodInput;
  /** Longest side of frames as the model sees them, in pixels. */
  readonly imageSize?: number;
  /** Side of the tiles in which a SAM sees them, in pixels; `whole`: in none. */
  readonly tileSize?: number | 'whole';
  readonly batchSize?: number;
  readonly accumulate?: number;
  readonly learningRate?: number;
  /** Of the rate that the recipe has, above 0 and at most 1; nothing where a rate was chosen. */
  readonly rateShare?: number;
  readonly augmentation?: AugmentationPreset;
  /** Default: false. */
  readonly forgiveEdges?: boolean;
  readonly heldOutShare?: number;
  readonly patience?: number;
  /** Steps between evaluations. */
  readonly evaluateEvery?: number;
  /** Of a U-Net from scratch. */
  readonly unet?: { readonly poolings?: number; readonly features?: number };
}

/** What follows from the model and the frames, where nothing was chosen. */
export interface Derived {
  readonly accumulate?: number;
  readonly learningRate?: number;
  readonly augmentation?: Augmentation;
}

/**
 * The settings of a run: what was chosen, and the preset for the rest.
 * @throws SaltError `INVALID_ARGUMENT` naming what is out of range
 */
export function settingsOf(
  choices: RunChoices,
  { settings }: Preset,
  derived: Derived = {},
): TrainingSettings {
  const { words, budget, seed, augmentation, forgiveEdges, heldOutShare, patience, evaluateEvery } = choices;
  const { rateShare } = choices;
  const learningRate =
    choices.learningRate ??
    derived.learningRate ??
    (rateShare !== undefined ? rateShare * settings.schedule.learningRate : undefined);
  const accumulate = choices.accumulate ?? derived.accumulate;
  const parsed = trainingSettingsSchema.safeParse({
    ...settings,
    words,
    budget,
    seed,
    // A rate that was chosen holds whatever the run's length.
    schedule: { ...settings.schedule, ...(learningRate !== undefined && { learningRate, longRun: null }) },
    ...(accumulate !== undefined && { accumulate }),
    ...(derived.augmentation && { augmentation: derived.augmentation }),
    ...(augmentation !== undefined && { augmentation: AUGMENTATIONS[augmentation] }),
    ...(forgiveEdges !== undefined && { forgiveEdges }),
    ...(heldOutShare !== undefined && { heldOutShare }),
    ...(patience !== undefined && { patience }),
    ...(evaluateEvery !== undefined && {
      evaluation: { everySteps: evaluateEvery, flips: 1, threshold: 0.5 },
    }),
  });
  if (parsed.success) return parsed.data;
  const faults = faultsOf(parsed.error);
  throw new SaltError('INVALID_ARGUMENT', `The training cannot be set up like this (${faults.join('; ')}).`, {
    faults,
  });
}
