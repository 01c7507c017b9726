import type { Role } from '../../../src/protocol/frames.ts';
import type { CollectedFrame } from './collected-frame.ts';

/**
 * Which frames are trained on and which are held out to judge by. What a person chose counts. Of the others whole
 * patients are held out where there are three or more, else single frames: every nth in the order of collection, so
 * that a frame keeps its role when more are collected. The first three are always trained on: so few frames teach more
 * than they judge.
 *
 * @param share of frames (or patients) to hold out, 0 to 0.9
 */
export function assignRoles(frames: readonly CollectedFrame[], share: number): ReadonlyMap<string, Role> {
  const groups = [...new Set(frames.map(({ group }) => group))];
  const byPatient = groups.length >= 3;
  const groupRoles = new Map(groups.map((group, index) => [group, roleAt(index, share)]));
  return new Map(
    frames.map((frame, index) => [
      frame.id,
      frame.chosenRole ?? (byPatient ? (groupRoles.get(frame.group) ?? 'train') : roleAt(index, share)),
    ]),
  );
}

/** Frames that are trained on before the first is held out. */
const FIRST_TRAINED = 3;

/** The fourth is the first that is held out; from there on every nth, so that the share is kept. */
function roleAt(index: number, share: number): Role {
  if (share <= 0 || index < FIRST_TRAINED) return 'train';
  // With a fifth: the fourth, the ninth, the fourteenth ...
  const since = index - FIRST_TRAINED;
  return since === 0 || Math.floor(since * share) > Math.floor((since - 1) * share) ? 'heldOut' : 'train';
}
