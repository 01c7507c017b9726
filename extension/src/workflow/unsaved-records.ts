import { unsavedFrameSchema } from '../store/unsaved-frame.ts';
import type { UnsavedFrame } from '../store/unsaved-frame.ts';
import type { SetStorage } from '../store/storage.ts';

/** Masks that are not saved yet: what the browser keeps of them, and at hand. */
export interface UnsavedRecords {
  readonly all: () => readonly UnsavedFrame[];
  readonly of: (segmentation: string) => readonly UnsavedFrame[];
  /** Reads what earlier visits left. */
  readonly load: () => Promise<void>;
  /** @throws SaltError FILE_UNWRITABLE where the browser takes no more */
  readonly change: (put: readonly UnsavedFrame[], remove: readonly string[]) => Promise<void>;
  /** After the browser's store was cleared. */
  readonly clear: () => void;
}

export function createUnsavedRecords(storage: SetStorage): UnsavedRecords {
  const records = new Map<string, UnsavedFrame>();
  return {
    all: () => [...records.values()],
    of: (segmentation) => [...records.values()].filter((record) => record.segmentation === segmentation),
    async load() {
      for (const stored of await storage.unsaved()) {
        const parsed = unsavedFrameSchema.safeParse(stored);
        if (parsed.success) records.set(parsed.data.id, parsed.data);
        else console.warn('SALT: masks that were kept cannot be read and are left out', parsed.error);
      }
    },
    async change(put, remove) {
      if (put.length === 0 && remove.length === 0) return;
      for (const record of put) records.set(record.id, record);
      for (const id of remove) records.delete(id);
      await storage.changeUnsaved(put, remove);
    },
    clear: () => records.clear(),
  };
}

export function idsOf(records: readonly UnsavedFrame[]): string[] {
  return records.map(({ id }) => id);
}
