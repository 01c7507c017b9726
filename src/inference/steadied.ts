/** Masks of a run's frames, steadied by what is found in the frames beside each. */
import type { Frame } from '../imaging/frame.ts';
import { broughtBack, flowBetween } from '../imaging/run/flow.ts';
import { levelsOf } from '../imaging/run/levels.ts';
import { pyramidOf } from '../imaging/run/pyramid.ts';
import type { ProbabilityMap } from './mask.ts';

/** A grey frame as the model saw it, and what it found there, one map for each word. */
export interface Found {
  readonly frame: Frame;
  readonly maps: readonly ProbabilityMap[];
}

/** Of what is found in a frame itself, against 1 for each frame beside it. */
const OWN_WEIGHT = 2;

/**
 * Probabilities of a frame averaged with those of its neighbours, brought back to where things were in it: a vessel's rim is as ragged as the
 * noise of a frame makes it, and the next frame has other noise.
 * @param beside of the same run and size, for the same words; with none the frame's own maps
 */
export function steadied({ frame, maps }: Found, beside: readonly Found[]): readonly ProbabilityMap[] {
  if (beside.length === 0) return maps;
  const own = pyramidOf(levelsOf(frame));
  const flows = beside.map((other) => flowBetween(own, pyramidOf(levelsOf(other.frame))));
  return maps.map(({ width, height, data }, word) => {
    const weight = OWN_WEIGHT + beside.length;
    const mean = new Float32Array(data.length);
    for (let at = 0; at < mean.length; at++) mean[at] = (OWN_WEIGHT / weight) * data[at]!;
    for (const [i, other] of beside.entries()) {
      const back = broughtBack({ width, height, values: other.maps[word]!.data }, flows[i]!);
      for (let at = 0; at < mean.length; at++) mean[at]! += back[at]! / weight;
    }
    return { width, height, data: mean };
  });
}
