import type { CollectedFrame } from './collected-frame.ts';
import type { SetStorage } from './storage.ts';
import type { UnsavedFrame } from './unsaved-frame.ts';

/** Keeps everything until the page closes: for browsers that refuse to store, and for tests. */
export function memoryStorage(): SetStorage {
  const frames = new Map<string, CollectedFrame>();
  const unsaved = new Map<string, UnsavedFrame>();
  let settings: unknown;
  return {
    lasting: false,
    frames: async () => [...frames.values()],
    async put(added) {
      for (const frame of added) frames.set(frame.id, frame);
    },
    async remove(ids) {
      for (const id of ids) frames.delete(id);
    },
    unsaved: async () => [...unsaved.values()],
    async changeUnsaved(put, remove) {
      for (const record of put) unsaved.set(record.id, record);
      for (const id of remove) unsaved.delete(id);
    },
    settings: async () => settings,
    async putSettings(value) {
      settings = value;
    },
    async clear() {
      frames.clear();
      unsaved.clear();
      settings = undefined;
    },
  };
}
