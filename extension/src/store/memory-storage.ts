import type { CollectedFrame } from './collected-frame.ts';
import type { SetStorage } from './storage.ts';
import type { UnsavedFrame } from './unsaved-frame.ts';

/** Keeps everything until the page closes: for browsers that refuse to store, and for tests. Copies, as IndexedDB does. */
export function memoryStorage(): SetStorage {
  const frames = new Map<string, CollectedFrame>();
  const unsaved = new Map<string, UnsavedFrame>();
  let settings: object | undefined;
  return {
    lasting: false,
    frames: async () => structuredClone([...frames.values()]),
    async put(added) {
      for (const frame of added) frames.set(frame.id, structuredClone(frame));
    },
    async update(id, change) {
      const frame = frames.get(id);
      if (frame) frames.set(id, change(frame));
      return structuredClone(frames.get(id));
    },
    async remove(ids) {
      for (const id of ids) frames.delete(id);
    },
    unsaved: async () => structuredClone([...unsaved.values()]),
    async changeUnsaved(put, remove) {
      for (const record of put) unsaved.set(record.id, structuredClone(record));
      for (const id of remove) unsaved.delete(id);
    },
    settings: async () => settings,
    async changeSettings(change) {
      settings = { ...settings, ...change };
    },
    async clear() {
      frames.clear();
      unsaved.clear();
      settings = undefined;
    },
  };
}
