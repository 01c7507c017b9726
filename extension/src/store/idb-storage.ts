import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import { SaltError } from '../../../src/protocol/errors.ts';
import type { CollectedFrame } from './collected-frame.ts';
import { memoryStorage } from './memory-storage.ts';
import type { SetStorage } from './storage.ts';
import type { UnsavedFrame } from './unsaved-frame.ts';

interface Schema extends DBSchema {
  frames: { key: string; value: CollectedFrame };
  settings: { key: string; value: unknown };
  unsaved: { key: string; value: UnsavedFrame };
}

const SETTINGS_KEY = 'panel';

/** The browser's IndexedDB; memory where the browser refuses one (a private window, a full disk). */
export async function openSetStorage(name = 'ohif-salt-panel'): Promise<SetStorage> {
  try {
    return idbStorage(await openDatabase(name));
  } catch (error) {
    console.warn('The browser does not let SALT store frames; they are kept until the page closes.', error);
    return memoryStorage();
  }
}

function openDatabase(name: string): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>(name, 2, {
    upgrade(database, from) {
      if (from < 1) {
        database.createObjectStore('frames', { keyPath: 'id' });
        database.createObjectStore('settings');
      }
      database.createObjectStore('unsaved', { keyPath: 'id' });
    },
    // Another tab wants a newer version: it may have it.
    blocking: (_current, _blocked, event) => {
      if (event.target instanceof IDBDatabase) event.target.close();
    },
  });
}

function idbStorage(database: IDBPDatabase<Schema>): SetStorage {
  let askedToPersist = false;
  return {
    lasting: true,
    frames: () => database.getAll('frames'),
    async put(frames) {
      const transaction = database.transaction('frames', 'readwrite', { durability: 'strict' });
      try {
        await Promise.all([...frames.map((frame) => transaction.store.put(frame)), transaction.done]);
      } catch (error) {
        throw unwritable(error);
      }
      if (!askedToPersist) {
        askedToPersist = true;
        // Without this a browser may clear the set when the disk fills up. It may say no; that is no failure.
        if ('storage' in navigator) void navigator.storage.persist().catch(() => false);
      }
    },
    async update(id, change) {
      const transaction = database.transaction('frames', 'readwrite', { durability: 'strict' });
      try {
        const frame = await transaction.store.get(id);
        const changed = frame && change(frame);
        if (changed) await transaction.store.put(changed);
        await transaction.done;
        return changed;
      } catch (error) {
        throw unwritable(error);
      }
    },
    async remove(ids) {
      const transaction = database.transaction('frames', 'readwrite', { durability: 'strict' });
      await Promise.all([...ids.map((id) => transaction.store.delete(id)), transaction.done]);
    },
    unsaved: () => database.getAll('unsaved'),
    async changeUnsaved(put, remove) {
      const transaction = database.transaction('unsaved', 'readwrite');
      const { store } = transaction;
      try {
        await Promise.all([
          ...put.map((record) => store.put(record)),
          ...remove.map((id) => store.delete(id)),
          transaction.done,
        ]);
      } catch (error) {
        throw unwritable(error);
      }
    },
    settings: () => database.get('settings', SETTINGS_KEY),
    async changeSettings(change) {
      const transaction = database.transaction('settings', 'readwrite');
      const stored = await transaction.store.get(SETTINGS_KEY);
      await transaction.store.put({ ...Object(stored), ...change }, SETTINGS_KEY);
      await transaction.done;
    },
    async clear() {
      const stores = ['frames', 'unsaved', 'settings'] as const;
      const transaction = database.transaction(stores, 'readwrite');
      await Promise.all([...stores.map((name) => transaction.objectStore(name).clear()), transaction.done]);
    },
  };
}

function unwritable(cause: unknown): SaltError {
  return new SaltError(
    'FILE_UNWRITABLE',
    'The browser could not store it: its storage is full or blocked. Free some space, or export the set and ' +
      'remove frames from it.',
    {},
    { cause },
  );
}
