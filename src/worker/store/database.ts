/** The browser's own database: adapters, unfinished runs, what was measured, factorisations. */
import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { z } from 'zod';
import { SaltError } from '../../protocol/errors.ts';
import { noSpace } from '../../runtime/space.web.ts';

/** What lies in it was written by some version of this program, or by anyone with the browser's tools: see `parsed`. */
interface Entry {
  readonly key: string;
  readonly value: unknown;
}

export interface Schema extends DBSchema {
  /** By id: what an adapter is. */
  adapters: Entry;
  /** By id of the adapter: its file. */
  adapterFiles: Entry;
  /** By id: what a run is and how far it got. */
  runs: Entry;
  /** By id of the run: what it was asked to do. */
  runRequests: Entry;
  /** By id of the run and generation: where it stood. */
  checkpoints: Entry;
  /** By model and method: seconds. */
  pace: Entry;
  /** By `svdCacheKey`. */
  svd: Entry;
}

export type StoreName = 'adapters' | 'adapterFiles' | 'runs' | 'runRequests' | 'checkpoints' | 'pace' | 'svd';
export type Database = IDBPDatabase<Schema>;

export const STORES: readonly StoreName[] = [
  'adapters',
  'adapterFiles',
  'runs',
  'runRequests',
  'checkpoints',
  'pace',
  'svd',
];

const NAME = 'ohif-salt';
const VERSION = 1;

let opened: Promise<Database> | undefined;

/** @throws SaltError `FILE_UNREADABLE` where the page may keep nothing */
export function database(): Promise<Database> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Database> {
  try {
    return await openDB<Schema>(NAME, VERSION, {
      upgrade(db) {
        for (const name of STORES) db.createObjectStore(name);
      },
      // Another tab has a newer version of this program, or erases everything: it must not wait for this one.
      blocking: (_current, _blocked, event) => {
        opened = undefined;
        (event.target as IDBDatabase).close();
      },
      terminated: () => {
        opened = undefined;
      },
    });
  } catch (cause) {
    opened = undefined;
    throw new SaltError(
      'FILE_UNREADABLE',
      'The browser lets this page keep nothing: allow it to store data, and do not use a private window.',
      {},
      { cause },
    );
  }
}

/**
 * Reads.
 * @throws SaltError `FILE_UNREADABLE`
 */
export async function reading<T>(task: (db: Database) => Promise<T>): Promise<T> {
  try {
    return await task(await database());
  } catch (cause) {
    if (cause instanceof SaltError) throw cause;
    throw new SaltError(
      'FILE_UNREADABLE',
      `The browser could not read its store: ${reason(cause)}`,
      {},
      { cause },
    );
  }
}

/**
 * Writes, all or nothing: the stores are as before when it throws, and on the disk when it returns.
 * @throws SaltError `FILE_UNWRITABLE`
 */
export async function writing<T>(
  stores: readonly StoreName[],
  task: (store: (name: StoreName) => WritableStore) => Promise<T>,
): Promise<T> {
  const db = await database();
  try {
    const transaction = db.transaction(stores, 'readwrite', { durability: 'strict' });
    // A failed request rejects `done`, too, which nobody awaits any more once the task has thrown.
    transaction.done.catch(() => undefined);
    const result = await task((name) => transaction.objectStore(name)).catch((error: unknown) => {
      abort(transaction);
      throw error;
    });
    await transaction.done;
    return result;
  } catch (cause) {
    if (cause instanceof SaltError) throw cause;
    throw unwritable(cause);
  }
}

/** What a task may do with a store. */
export interface WritableStore {
  get(key: string): Promise<unknown>;
  put(value: unknown, key: string): Promise<string>;
  delete(key: string | IDBKeyRange): Promise<void>;
  clear(): Promise<void>;
}

function abort(transaction: { abort(): void }): void {
  try {
    transaction.abort();
  } catch {
    // It has aborted by itself.
  }
}

function unwritable(cause: unknown): SaltError {
  if (cause instanceof Error && cause.name === 'QuotaExceededError') return noSpace(undefined, cause);
  return new SaltError(
    'FILE_UNWRITABLE',
    `The browser could not keep the data: ${reason(cause)}`,
    {},
    { cause },
  );
}

/**
 * What a store holds under a key, if it is what it should be; undefined when there is nothing, and for what is damaged.
 */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
