import { hashFrame } from '../adapters/index.ts';
import type { AdapterFile } from '../adapters/index.ts';
import type { RunNote } from '../protocol/run-note.ts';
import type { TrainingSample } from './training-sample.ts';

/**
 * For who goes on from an adapter: whether frames that are to judge the run were learnt in those before it.
 * @returns a note, or none
 * @throws SaltError `PAGE_INSECURE`
 */
export async function notesOnEarlierFrames(
  { info }: AdapterFile,
  heldOut: readonly Pick<TrainingSample, 'id'>[],
): Promise<readonly RunNote[]> {
  const { salt, frames } = info.training;
  const learnt = new Set(frames);
  const hashes = await Promise.all(heldOut.map(({ id }) => hashFrame(salt, id)));
  const count = hashes.filter((hash) => learnt.has(hash)).length;
  return count === 0 ? [] : [{ kind: 'learnt before', frames: count, heldOut: heldOut.length }];
}
