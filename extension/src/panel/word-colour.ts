import { segmentColour } from '../../../src/protocol/segment-colours.ts';
import type { Colour } from '../../../src/protocol/segment-colours.ts';
import type { SessionState } from '../store/state.ts';
import { fold } from '../workflow/common/working.ts';

/** @param at place among the words: for one that the viewer draws nowhere */
export function colourOf(colours: SessionState['colours'], word: string, at: number): Colour {
  return colours[fold(word)] ?? segmentColour(at);
}
