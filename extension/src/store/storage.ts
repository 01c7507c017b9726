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
  remove(ids: readonly string[]): Promise<void>;
  /** Unchecked, as `frames`. */
  unsaved(): Promise<readonly unknown[]>;
  /** Replaces records of equal id, and removes others, in one go. */
  changeUnsaved(put: readonly UnsavedFrame[], remove: readonly string[]): Promise<void>;
  settings(): Promise<unknown>;
  putSettings(settings: unknown): Promise<void>;
  clear(): Promise<void>;
}
