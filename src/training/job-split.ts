import type { TrainingJob } from './job.ts';
import { splitSamples } from './split.ts';
import type { Split } from './split.ts';
import type { TrainingSample } from './training-sample.ts';

/** Which samples a job trains on and which it holds out, of those that show one of its words. */
export function splitOfJob({
  settings: { words, heldOutShare, seed },
  samples,
}: Pick<TrainingJob, 'settings' | 'samples'>): Split<TrainingSample> {
  const annotated = samples.filter(({ masks }) => words.some((word) => masks.has(word)));
  return splitSamples(annotated, { share: heldOutShare, seed });
}
