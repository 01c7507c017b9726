import type { Source } from '../../../../src/protocol/backend.ts';
import type { FrameRef } from '../../host/viewer.ts';
import type { SessionState } from '../../store/state.ts';
import { isCancelled } from '../common/context.ts';
import type { Context } from '../common/context.ts';
import { currentSource } from '../common/source.ts';

/** Milliseconds that someone stays at a frame before anything is computed for it: who scrolls on is not slowed down. */
const REST = 1000;

interface Sight {
  readonly key: string;
  readonly source: Source;
  readonly frame: FrameRef;
}

/**
 * While a person looks at a frame and nothing else is under way, the model looks at it too, so that a draft that is
 * pressed then needs only the decoder.
 *
 * @returns what ends it
 */
export function lookAhead({ store, seeFrame, backend }: Context): () => void {
  let seen: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let going: AbortController | undefined;

  const look = async ({ source, frame }: Sight, signal: AbortSignal): Promise<void> => {
    const pixels = await seeFrame(frame);
    signal.throwIfAborted();
    const { words } = store.getState().settings;
    await backend.lookAhead({ source, words, frame: pixels }, signal);
  };
  const follow = (state: SessionState): void => {
    const sight = sightOf(state);
    if (sight?.key === seen) return;
    seen = sight?.key;
    clearTimeout(timer);
    going?.abort();
    if (!sight) return;
    const { signal } = (going = new AbortController());
    timer = setTimeout(() => {
      look(sight, signal).catch((error: unknown) => {
        // The draft itself will say why, should it fail as well.
        if (!isCancelled(error)) console.warn('SALT could not look at the frame ahead', error);
      });
    }, REST);
  };

  const unfollow = store.subscribe(follow);
  return () => {
    unfollow();
    clearTimeout(timer);
    going?.abort();
  };
}

/** What is worth looking at: a frame without paint or result, while the processor is free. */
function sightOf(state: SessionState): Sight | undefined {
  const { place, device, training, segmenting, busy } = state;
  const isFree =
    (training.status === 'idle' || training.status === 'finished') &&
    segmenting.status !== 'running' &&
    Object.keys(busy).length === 0;
  const source = currentSource(state);
  if (!isFree || !place || !device || !source) return undefined;
  const isDone =
    place.painted.some(({ pixels }) => pixels > 0) ||
    typeof place.uncertainty?.[place.frameIndex] === 'number';
  if (isDone) return undefined;
  return { key: `${source.kind} ${source.id} ${place.frameId}`, source, frame: place.frame };
}
