import type { CollectedFrame } from './collected-frame.ts';
import type { SetStorage } from './storage.ts';

/** Keeps everything until the page closes: for browsers that refuse to store, and for tests. */
export function memoryStorage(): SetStorage {
  const frames = new Map<string, CollectedFrame>();
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
    settings: async () => settings,
    async putSettings(value) {
      settings = value;
    },
    async clear() {
      frames.clear();
      settings = undefined;
    },
  };
}
