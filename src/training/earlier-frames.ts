import { hashFrame } from '../adapters/index.ts';
import type { AdapterFile } from '../adapters/index.ts';
import type { TrainingSample } from './training-sample.ts';

/**
 * For who goes on from an adapter: whether frames that are to judge the run were learnt in those before it.
 * @returns a sentence, or none
 * @throws SaltError `PAGE_INSECURE`
 */
export async function notesOnEarlierFrames(
  { info }: AdapterFile,
  heldOut: readonly Pick<TrainingSample, 'id'>[],
): Promise<readonly string[]> {
  const { salt, frames } = info.training;
  const learnt = new Set(frames);
  const hashes = await Promise.all(heldOut.map(({ id }) => hashFrame(salt, id)));
  const count = hashes.filter((hash) => learnt.has(hash)).length;
  if (count === 0) return [];
  return [
    `${count} of ${heldOut.length} held-out frame(s) were trained on in the run that this one goes on from: held-out scores ` +
      'will look better than they are. Hold out others, or start anew.',
  ];
}
