/** Why a button cannot be pressed now, in words; undefined where it can. */
import type { CollectedFrame } from '../../store/collected-frame.ts';
import { assignRoles } from '../../store/roles.ts';
import type { SessionState } from '../../store/state.ts';
import type { Strings } from '../../strings/index.ts';
import { baseModel, currentSource } from './source.ts';

type Reason = string | undefined;

const isTraining = ({ training }: SessionState): boolean =>
  training.status === 'preparing' || training.status === 'running' || training.status === 'ending';

export function whyNotDraft(state: SessionState, { reasons }: Strings): Reason {
  if (!state.place) return reasons.noImage;
  if (state.busy['draft']) return reasons.busy;
  return currentSource(state) ? undefined : reasons.noWords;
}

export function whyNotBrush(state: SessionState, { reasons }: Strings): Reason {
  if (!state.place) return reasons.noImage;
  return state.place.hasBrush ? undefined : reasons.noBrush;
}

export function whyNotCollect(state: SessionState, { reasons }: Strings): Reason {
  const { place } = state;
  if (!place) return reasons.noImage;
  if (place.painted.every(({ pixels }) => pixels === 0)) return reasons.nothingPainted;
  const isCollected = state.frames.some(({ id }) => id === place.frameId);
  return isCollected && !place.changed ? reasons.collectedAlready : undefined;
}

export function whyNotCollectEmpty(state: SessionState, { reasons }: Strings): Reason {
  const { place } = state;
  if (!place) return reasons.noImage;
  if (place.painted.some(({ pixels }) => pixels > 0)) return reasons.paintedNotEmpty;
  const isCollected = state.frames.some(({ id }) => id === place.frameId);
  return isCollected && !place.changed ? reasons.collectedAlready : undefined;
}

export function whyNotCollectPainted(state: SessionState, { reasons }: Strings): Reason {
  if (!state.place) return reasons.noImage;
  return state.place.uncollected === 0 ? reasons.noneUncollected : undefined;
}

export function whyNotTrain(state: SessionState, strings: Strings): Reason {
  const { reasons } = strings;
  const underWay = whyNotResume(state, strings);
  if (underWay !== undefined) return underWay;
  if (!baseModel(state)) return reasons.noModel;
  const { frames, place, settings } = state;
  // What is collected first may be what is missing.
  if (place && place.uncollected > 0) return undefined;
  if (frames.length === 0) return reasons.noFrames;
  const roles = assignRoles(frames, settings.heldOutShare);
  const trained = frames.filter(({ id }) => roles.get(id) === 'train');
  if (trained.length === 0) return reasons.allHeldOut;
  return trained.some(isPainted) ? undefined : reasons.nothingPaintedAnywhere;
}

/** Of a run that was left unfinished. */
export function whyNotResume(state: SessionState, { reasons }: Strings): Reason {
  if (isTraining(state)) return reasons.training;
  return state.busy['train'] ? reasons.busy : undefined;
}

/** Asked on every change of the state, and masks have many pixels. */
const known = new WeakMap<CollectedFrame, boolean>();

function isPainted(frame: CollectedFrame): boolean {
  const painted = known.get(frame) ?? frame.masks.some(({ mask }) => mask.data.some((pixel) => pixel !== 0));
  known.set(frame, painted);
  return painted;
}

/** Of what is on screen. */
export function whyNotSegment(state: SessionState, strings: Strings): Reason {
  return whyNotSegmentImages(state, strings, state.place !== undefined);
}

/** Of every series that is open. */
export function whyNotSegmentAll(state: SessionState, strings: Strings): Reason {
  return whyNotSegmentImages(state, strings, state.openSeries > 0);
}

function whyNotSegmentImages(state: SessionState, { reasons }: Strings, areThere: boolean): Reason {
  if (state.segmenting.status === 'running') return reasons.segmenting;
  if (!areThere) return reasons.noImage;
  return currentSource(state) ? undefined : reasons.noWords;
}

export function whyNotSave(state: SessionState, { reasons }: Strings): Reason {
  if (!state.place) return reasons.noImage;
  if (!state.place.segmentation) return reasons.nothingToSave;
  if (state.segmenting.status === 'running') return reasons.segmenting;
  return state.busy['save'] ? reasons.busy : undefined;
}

export function whyNotCompare(state: SessionState, { reasons }: Strings): Reason {
  if (state.frames.length === 0) return reasons.nothingToCompareOn;
  return state.busy['compare'] ? reasons.busy : undefined;
}
