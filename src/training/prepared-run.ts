import type { Executor } from '../graph/executor.ts';
import type { RunNote } from '../protocol/run-note.ts';
import type { RunDescription } from './adapter-of-run.ts';
import type { TrainingSubject } from './job.ts';
import type { TrainingSettings } from './settings.ts';

/** A run, ready for `train`. */
export interface PreparedRun {
  readonly subject: TrainingSubject;
  readonly settings: TrainingSettings;
  /** For `adapterOfRun`, with the samples of each side (`splitOfJob`). */
  readonly description: Omit<RunDescription, 'trainingSamples' | 'heldOutSamples'>;
  readonly executor: Executor;
  /** Where it is not what people may expect. */
  readonly notes: readonly RunNote[];
}

/**
 * Opens the device once it is known what will run on it.
 * @param keepsMemory false where memory is short: what a tensor took should then go back to the system at once
 */
export type OpenExecutor = (keepsMemory: boolean) => Promise<Executor>;
