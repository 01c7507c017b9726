import { newUuid } from '../../../src/protocol/uuid.ts';

/**
 * A page that is open holds a lock of the browser, which goes with it however it ends: no other page takes what it has not saved yet for
 * something that was left behind.
 */

const PREFIX = 'ohif-salt-visit ';

export interface Visits {
  /** Of this page. */
  readonly own: string;
  /** Other pages that are open. */
  readonly others: () => Promise<ReadonlySet<string>>;
  /** Resolves when that page is gone. */
  readonly whenGone: (visit: string) => Promise<void>;
  /** This page is gone. */
  readonly end: () => void;
}

/** What is used of the browser's locks. */
export interface Locks {
  request(name: string, task: () => Promise<void> | undefined): Promise<unknown>;
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}

/** Where the browser has no locks, as on pages that are not secure, no other page is known to be open. */
export function openVisit(locks: Locks | undefined = locksOfBrowser()): Visits {
  const own = newUuid();
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  locks?.request(PREFIX + own, () => ended).catch(console.warn);
  return {
    own,
    async others() {
      const held = (await locks?.query())?.held ?? [];
      const visits = held.flatMap(({ name }) =>
        name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [],
      );
      return new Set(visits.filter((visit) => visit !== own));
    },
    async whenGone(visit) {
      await locks?.request(PREFIX + visit, () => undefined);
    },
    end,
  };
}

function locksOfBrowser(): Locks | undefined {
  return (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
}
