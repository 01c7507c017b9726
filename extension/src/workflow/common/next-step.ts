import type { SessionState } from '../../store/state.ts';
import { currentSource } from './source.ts';

export type Step = 'draft' | 'collect' | 'train' | 'segment' | 'save';

/** The one button that leads on from here, for the panel to stress; undefined while something is under way. */
export function nextStep(state: SessionState): Step | undefined {
  const { place, frames, training, segmenting, saved } = state;
  if (!place || segmenting.status === 'running') return undefined;
  if (training.status !== 'idle' && training.status !== 'finished') return undefined;
  const isSegmented = place.uncertainty?.every((value) => value !== null) === true;
  const isSaved = saved[place.segmentation?.id ?? '']?.stale === false;
  if (isSegmented && !isSaved) return 'save';
  if (training.status === 'finished' && !isSegmented) return 'segment';
  if (frames.length + place.uncollected >= 2) return 'train';
  const isHere = frames.some(({ id }) => id === place.frameId);
  const isPainted = place.painted.some(({ pixels }) => pixels > 0);
  if (isPainted && (!isHere || place.changed)) return 'collect';
  return currentSource(state) ? 'draft' : undefined;
}
