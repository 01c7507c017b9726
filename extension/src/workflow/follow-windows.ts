import type { CollectedFrame } from '../store/collected-frame.ts';
import { defaultSettings, readSettings } from '../store/settings.ts';
import { readFrames } from '../store/stored-frames.ts';
import type { Change, OtherWindows } from '../store/windows.ts';
import { patch } from './common/context.ts';
import { inOrder } from './frames/collecting.ts';
import type { Parts } from './masks/parts.ts';

interface Needs {
  readonly followWords: (words: readonly string[]) => Promise<void>;
  readonly refreshLists: () => Promise<void>;
}

/** Shows what other windows collect, remove, train and look for. */
export function followWindows(parts: Parts, windows: OtherWindows, needs: Needs): void {
  const { storage, store, config } = parts;

  const follow = async (change: Change): Promise<void> => {
    switch (change.what) {
      case 'frames': {
        const stored = await readFrames(storage);
        const { ids } = change;
        const isOther = ({ id }: CollectedFrame): boolean => ids?.includes(id) === false;
        // Those that nobody changed stay the same objects: their cards are not drawn anew.
        const kept = store.getState().frames.filter(isOther);
        patch(parts, { frames: inOrder([...kept, ...stored.filter((frame) => !isOther(frame))]) });
        parts.refresh();
        break;
      }
      case 'words':
        await needs.followWords(readSettings(await storage.settings(), defaultSettings(config)).words);
        break;
      case 'lists':
        await needs.refreshLists();
    }
  };

  // What cannot be read now is there after a reload: nothing to bother anyone with who did nothing.
  windows.listen((change) => void follow(change).catch(console.warn));
}
