import { pretrainingSettingsSchema } from '../settings.ts';
import type { PretrainingSettings } from '../settings.ts';

/** What the examples for the GPU are drawn by: as by who goes on from weights that know their words. */
export function drawnSettings(
  seed: number,
  imageSize: number,
  promptsPerImage: number,
  places: boolean,
): PretrainingSettings {
  return pretrainingSettingsSchema.parse({
    seed,
    // The run ends by the clock.
    steps: 1_000_000_000,
    imageSize,
    promptsPerImage,
    firstLesson: 0,
    samAlone: 0,
    spatial: places ? { from: 0, to: 1 } : { from: 1, to: 1 },
    onlyPresent: 0.5,
    uses: 2,
  });
}
