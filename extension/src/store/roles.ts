import type { CollectedFrame, Role } from './collected-frame.ts';

/**
 * Which frames are trained on and which are held out to judge by. What a person chose counts. Of the others whole
 * patients are held out where there are three or more, else single frames: every nth in the order of collection, so
 * that a frame keeps its role when more are collected. The first two are always trained on.
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

/** The third is the first that is held out; from there on every nth, so that the share is kept. */
function roleAt(index: number, share: number): Role {
  if (share <= 0 || index < 2) return 'train';
  // With a fifth: the third, the eighth, the thirteenth ...
  const since = index - 2;
  return since === 0 || Math.floor(since * share) > Math.floor((since - 1) * share) ? 'heldOut' : 'train';
}
