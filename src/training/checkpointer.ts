import { SaltError } from '../protocol/errors.ts';
import { warningOf } from '../protocol/run-note.ts';
import type { RunWarning } from '../protocol/run-note.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { requireSameRun } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { TrainingHost } from './job.ts';
import { decodeTrainingState, encodeTrainingState, isTrainingState } from './training-state.ts';
import type { TrainingState } from './training-state.ts';

const INTERVAL_SECONDS = 30;
/** Saving may take up to this share of a run. */
const SAVING_SHARE = 0.05;

/** `due`: after a while, and beside the result; `asked`: it is all that the run leaves. */
export type SaveReason = 'due' | 'asked';

/** Decides when a run is saved, and knows what was saved last. */
export class Checkpointer {
  readonly #host: TrainingHost;
  readonly #intervalSeconds: number;
  readonly #now: () => number;
  #savedAt: number;
  #savingSeconds = 0;
  #step: number;

  /** @param step of the checkpoint that the run goes on from; 0 for a new run */
  constructor(host: TrainingHost, step: number, now: () => number) {
    this.#host = host;
    this.#intervalSeconds = host.checkpointSeconds ?? INTERVAL_SECONDS;
    this.#now = now;
    this.#savedAt = now();
    this.#step = step;
  }

  /** The step saved last; 0 when none was. */
  get step(): number {
    return this.#step;
  }

  get isDue(): boolean {
    const rest = Math.max(this.#intervalSeconds, this.#savingSeconds / SAVING_SHARE);
    return this.#host.store !== undefined && this.#now() - this.#savedAt >= rest * 1000;
  }

  /**
   * @returns the size in bytes; undefined where there is nowhere to save to, or where one that was due found no room and the
   *   host, which was told, lets the run go on
   * @throws SaltError `FILE_UNWRITABLE`
   */
  async save(gather: () => Promise<TrainingState>, why: SaveReason): Promise<number | undefined> {
    const { store } = this.#host;
    if (!store) return undefined;
    const before = this.#now();
    try {
      const state = await gather();
      const bytes = encodeTrainingState(state);
      await store.save(bytes);
      this.#step = state.step;
      return bytes.length;
    } catch (error) {
      const isFull = error instanceof SaltError && error.code === 'FILE_UNWRITABLE';
      if (why === 'asked' || !isFull || !this.#host.onUnsaved) throw error;
      this.#host.onUnsaved(error);
      return undefined;
    } finally {
      // One that failed is not tried again at once.
      this.#savedAt = this.#now();
      this.#savingSeconds = (this.#savedAt - before) / 1000;
    }
  }
}

/**
 * Of the run whose checkpoint is in the store, if there is one; before all that depends on it is known.
 * @throws SaltError `CHECKPOINT_INVALID`, `FILE_UNREADABLE`
 */
export async function savedFingerprint(store: CheckpointStore): Promise<Fingerprint | undefined> {
  // Whoever resumes loads it once more, and is told then.
  const bytes = await store.load(isTrainingState, () => undefined);
  return bytes && decodeTrainingState(bytes).fingerprint;
}

/**
 * The state to go on from, if the host wants to resume and there is one.
 * @throws SaltError `RESUME_MISMATCH`, `CHECKPOINT_INVALID`, `FILE_UNREADABLE`
 */
export async function loadState(
  host: TrainingHost,
  fingerprint: Fingerprint,
  warn: (warning: RunWarning) => void,
): Promise<TrainingState | undefined> {
  if (!host.resume) return undefined;
  if (!host.store)
    throw new SaltError('INVALID_ARGUMENT', 'Only a run with a checkpoint store can be resumed.');
  const bytes = await host.store.load(isTrainingState, warn);
  if (!bytes) {
    warn(warningOf({ kind: 'no checkpoint' }));
    return undefined;
  }
  const state = decodeTrainingState(bytes);
  requireSameRun(state.fingerprint, fingerprint);
  return state;
}
