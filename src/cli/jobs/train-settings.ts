import { AUGMENTATIONS } from '../../training/augmentation.ts';
import type { Preset } from '../../training/presets.ts';
import { trainingSettingsSchema } from '../../training/settings.ts';
import type { TrainingSettings } from '../../training/settings.ts';
import { SaltError } from '../../protocol/errors.ts';
import type { TrainRequest } from './train-request.ts';

/**
 * The settings of a run: what was asked for, and the preset for the rest.
 * @param changes to the preset that follow from the model
 * @throws SaltError `INVALID_ARGUMENT` naming what is out of range
 */
export function settingsOf(
  request: TrainRequest,
  preset: Preset,
  changes: { readonly accumulate?: number; readonly learningRate?: number },
): TrainingSettings {
  const { settings } = preset;
  const { budget, seed, augmentation, heldOutShare, patience, evaluateEvery } = request;
  const learningRate = request.learningRate ?? changes.learningRate ?? settings.schedule.learningRate;
  const accumulate = request.accumulate ?? changes.accumulate;
  const parsed = trainingSettingsSchema.safeParse({
    ...settings,
    words: request.data.words,
    budget,
    seed,
    schedule: { ...settings.schedule, learningRate },
    ...(accumulate !== undefined && { accumulate }),
    ...(augmentation !== undefined && { augmentation: AUGMENTATIONS[augmentation] }),
    ...(heldOutShare !== undefined && { heldOutShare }),
    ...(patience !== undefined && { patience }),
    ...(evaluateEvery !== undefined && {
      evaluation: { everySteps: evaluateEvery, flips: 1, threshold: 0.5 },
    }),
  });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new SaltError('INVALID_ARGUMENT', `The training cannot be set up like this (${faults.join('; ')}).`, {
    faults,
  });
}
