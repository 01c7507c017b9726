/**
 * A run that is under way holds a lock of the browser for as long as its worker lives, so that no tab takes it for one
 * that was left unfinished, and no two tabs go on with it.
 */
import { SaltError } from '../protocol/errors.ts';

const PREFIX = 'ohif-salt-run ';

/** Absent on pages that are not secure. */
function locks(): LockManager | undefined {
  return (navigator as { locks?: LockManager }).locks;
}

/** Ids of the runs under way, in any tab. */
export async function runsUnderWay(): Promise<ReadonlySet<string>> {
  const held = (await locks()?.query())?.held ?? [];
  return new Set(held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [])));
}

/** A worker that was just ended holds its lock a little longer. */
const PATIENCE_MS = 5000;

/** @throws SaltError `INVALID_ARGUMENT` when it is under way elsewhere */
export async function holdingRun<T>(id: string, task: () => Promise<T>): Promise<T> {
  const manager = locks();
  if (!manager) return task();
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), PATIENCE_MS);
  try {
    return await manager.request(PREFIX + id, { signal: waiting.signal }, () => {
      clearTimeout(timer);
      return task();
    });
  } catch (error) {
    if (!waiting.signal.aborted) throw error;
    throw new SaltError('INVALID_ARGUMENT', 'This run is under way in another tab: let it end there.', {
      id,
    });
  }
}
