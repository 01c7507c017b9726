/** Windows of one browser share the set, the words and the adapters: what one of them changes, the others show at once. */
import { z } from 'zod';
import type { SetStorage } from './storage.ts';

const changeSchema = z.discriminatedUnion('what', [
  /** Without `ids`, all of them. */
  z.object({ what: z.literal('frames'), ids: z.array(z.string()).optional() }),
  z.object({ what: z.literal('words') }),
  /** Adapters, models and unfinished runs. */
  z.object({ what: z.literal('lists') }),
]);

export type Change = z.infer<typeof changeSchema>;

export interface OtherWindows {
  readonly tell: (change: Change) => void;
  /** Called with what other windows tell. */
  readonly listen: (listener: (change: Change) => void) => void;
  /** Neither tells nor listens any more. */
  readonly close: () => void;
}

/** @param name of the channel, which windows of one set share */
export function openOtherWindows(name = 'ohif-salt-panel'): OtherWindows {
  const channel = new BroadcastChannel(name);
  let open = true;
  return {
    tell(change) {
      if (open) channel.postMessage(change);
    },
    listen(listener) {
      channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        // A window of another version may tell of something else.
        const change = changeSchema.safeParse(data);
        if (change.success) listener(change.data);
      });
    },
    close() {
      open = false;
      channel.close();
    },
  };
}

/** Tells other windows of what is changed in a storage that they share, once it is stored. */
export function tellingStorage(storage: SetStorage, { tell }: OtherWindows): SetStorage {
  return {
    ...storage,
    async put(frames) {
      await storage.put(frames);
      tell({ what: 'frames', ids: frames.map(({ id }) => id) });
    },
    async update(id, change) {
      const changed = await storage.update(id, change);
      tell({ what: 'frames', ids: [id] });
      return changed;
    },
    async remove(ids) {
      await storage.remove(ids);
      tell({ what: 'frames', ids: [...ids] });
    },
    async changeSettings(change) {
      await storage.changeSettings(change);
      if ('words' in change) tell({ what: 'words' });
    },
    async clear() {
      await storage.clear();
      tell({ what: 'frames' });
    },
  };
}
