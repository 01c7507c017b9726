/** What a run keeps in a folder of its own, for `--resume`. */
import { join } from 'node:path';
import { SaltError } from '../protocol/errors.ts';
import { whileLocked } from '../runtime/lock.node.ts';
import { fileCheckpointStore } from '../training/checkpoint-store.node.ts';
import type { CheckpointStore } from '../training/checkpoint-store.ts';
import type { Console } from './console.ts';

const STATE_FILE = 'state.safetensors';

export function checkpointsIn(folder: string): CheckpointStore {
  return fileCheckpointStore(join(folder, STATE_FILE));
}

/**
 * Does the work while no other run may use this folder of checkpoints.
 * @throws SaltError `MODEL_BUSY` when a run uses it
 */
export function whileOwned<T>(folder: string, console: Console, work: () => Promise<T>): Promise<T> {
  return whileLocked(folder, work, {
    onWait: () =>
      console.tell(`A run used ${folder} seconds ago. Waiting to see whether it is still at work ...`),
    onLost: () =>
      console.warn(`${folder}.lock was removed: a second run would now use the same files. Begin none.`),
  });
}

/**
 * For a run that begins anew, and would replace what it finds.
 * @param isState whether these bytes are such a run's state
 * @throws SaltError `INVALID_ARGUMENT` when the folder holds a state that a run can go on from
 */
export async function requireNothingToResume(
  folder: string,
  isState: (bytes: Uint8Array) => boolean,
): Promise<void> {
  // What is damaged is of no more use.
  const state = await checkpointsIn(folder).load(isState, () => undefined);
  if (!state) return;
  throw new SaltError(
    'INVALID_ARGUMENT',
    `${folder} holds what a run has done. Add --resume to go on with it, or delete that folder to begin anew.`,
    { folder },
  );
}
