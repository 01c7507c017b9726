import { unsavedFrameSchema } from '../../store/unsaved-frame.ts';
import type { UnsavedFrame } from '../../store/unsaved-frame.ts';
import { readable } from '../../store/stored-frames.ts';
import type { SetStorage } from '../../store/storage.ts';
import type { Visits } from '../../store/visits.ts';

/** Masks that are not saved yet: what the browser keeps of them, and at hand. */
export interface UnsavedRecords {
  readonly all: () => readonly UnsavedFrame[];
  readonly of: (segmentation: string) => readonly UnsavedFrame[];
  /** Those that no other window has taken: what an earlier visit left is offered in each that is open. */
  readonly stillOf: (segmentation: string) => Promise<readonly UnsavedFrame[]>;
  /**
   * Reads what earlier visits left. What belongs to another page that is open is read when that page is gone.
   * @param later called then
   */
  readonly load: (later: () => void) => Promise<void>;
  /** @throws SaltError FILE_UNWRITABLE where the browser takes no more */
  readonly change: (put: readonly UnsavedFrame[], remove: readonly string[]) => Promise<void>;
  /** After the browser's store was cleared. */
  readonly clear: () => void;
}

/** @param visit of the page that the segmentation was in; its IDs are its own */
export function segmentationOf(visit: string, segmentationId: string): string {
  return `${visit} ${segmentationId}`;
}

export function createUnsavedRecords(storage: SetStorage, visits: Visits): UnsavedRecords {
  const records = new Map<string, UnsavedFrame>();
  const of = (segmentation: string): readonly UnsavedFrame[] =>
    [...records.values()].filter((record) => record.segmentation === segmentation);
  const stored = async (): Promise<readonly UnsavedFrame[]> =>
    readable(await storage.unsaved(), unsavedFrameSchema);
  const read = async (isWanted: (visit: string) => boolean): Promise<void> => {
    for (const record of await stored()) if (isWanted(visitOf(record))) records.set(record.id, record);
  };
  return {
    all: () => [...records.values()],
    of,
    async stillOf(segmentation) {
      const ids = new Set(idsOf(await stored()));
      for (const record of of(segmentation)) {
        // This page's own may be here alone, where the browser takes no more.
        if (visitOf(record) !== visits.own && !ids.has(record.id)) records.delete(record.id);
      }
      return of(segmentation);
    },
    async load(later) {
      const others = await visits.others();
      await read((visit) => !others.has(visit));
      for (const other of others) {
        const readIt = async (): Promise<void> => {
          await visits.whenGone(other);
          await read((visit) => visit === other);
          later();
        };
        readIt().catch((error: unknown) => console.warn('SALT: masks of another page', error));
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

function visitOf({ segmentation }: UnsavedFrame): string {
  return segmentation.split(' ', 1)[0] ?? '';
}

export function idsOf(records: readonly UnsavedFrame[]): string[] {
  return records.map(({ id }) => id);
}
