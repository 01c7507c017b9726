import type { RunWarning } from '../protocol/run-note.ts';

/** Where a run keeps its state between processes. */
export interface CheckpointStore {
  /**
   * What was saved last and is intact; undefined when there is nothing.
   * @param isIntact false for bytes that cannot be a state: an older generation is then tried
   * @param warn told, for people, when a damaged checkpoint is passed over
   */
  load(
    isIntact: (bytes: Uint8Array) => boolean,
    warn: (warning: RunWarning) => void,
  ): Promise<Uint8Array | undefined>;
  /** All or nothing: whatever happens meanwhile, `load` gives these bytes or the ones before. */
  save(bytes: Uint8Array): Promise<void>;
}
