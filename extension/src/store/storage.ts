import type { CollectedFrame } from './collected-frame.ts';
import type { UnsavedFrame } from './unsaved-frame.ts';

/**
 * Where the collected set, masks that are not saved yet and the settings are kept. Each write is done when its promise
 * resolves.
 */
export interface SetStorage {
  /** False where the set is lost with the page. */
  readonly lasting: boolean;
  /** Unchecked: a record may come from another version. */
  frames(): Promise<readonly unknown[]>;
  /** Replaces frames of equal id. */
  put(frames: readonly CollectedFrame[]): Promise<void>;
  /**
   * Changes a frame as it is stored, whatever another tab has made of it since it was read.
   * @returns what is stored now; undefined where it is not there any more
   */
  update(id: string, change: (frame: CollectedFrame) => CollectedFrame): Promise<CollectedFrame | undefined>;
  remove(ids: readonly string[]): Promise<void>;
  /** Unchecked, as `frames`. */
  unsaved(): Promise<readonly unknown[]>;
  /** Replaces records of equal id, and removes others, in one go. */
  changeUnsaved(put: readonly UnsavedFrame[], remove: readonly string[]): Promise<void>;
  settings(): Promise<unknown>;
  /** Changes those that are named; others stay as they are stored. */
  changeSettings(change: object): Promise<void>;
  clear(): Promise<void>;
}
