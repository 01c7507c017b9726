import { hashOf } from '../inference/pixel-hash.ts';
import type { HashedPart } from '../inference/pixel-hash.ts';
import type { Mask } from '../imaging/frame.ts';
import { LESSON } from './fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Split } from './split.ts';
import type { TrainingSample } from './training-sample.ts';

/**
 * What the samples teach of their frames, as part of a run's fingerprint: masks, field of view, region and whether they were
 * drafted. One entry for each sample.
 * @throws what the loaders throw
 */
export async function lessonsOf(
  { train, heldOut }: Pick<Split<TrainingSample>, 'train' | 'heldOut'>,
  words: readonly string[],
): Promise<Fingerprint> {
  const lessons: [string, string][] = [];
  // One after another: the masks of a whole data set need not fit into memory.
  for (const sample of [...train, ...heldOut]) {
    lessons.push([`${LESSON}${sample.id}`, await lessonHash(sample, words)]);
  }
  return Object.fromEntries(lessons);
}

async function lessonHash(sample: TrainingSample, words: readonly string[]): Promise<string> {
  const { masks, region, drafted, loadFieldOfView } = sample;
  const parts: HashedPart[] = [];
  for (const word of words) parts.push(...partsOf(await masks.get(word)?.()));
  parts.push(...partsOf(await loadFieldOfView?.()));
  const { left = 0, top = 0, width = 0, height = 0 } = region ?? {};
  parts.push(Uint32Array.of(left, top, width, height, drafted ? 1 : 0));
  return hashOf(parts);
}

/** The sizes tell where a mask ends, and that there is none. */
function partsOf(mask: Mask | undefined): HashedPart[] {
  return mask ? [Uint32Array.of(mask.width, mask.height), mask.data] : [Uint32Array.of(0, 0)];
}
