import type { SegmentationInfo } from '../host/viewer.ts';
import { attempt, patch, patchSettings } from './common/context.ts';
import type { Parts } from './masks/parts.ts';
import { fold } from './common/working.ts';

export interface WordActions {
  readonly add: (word: string) => Promise<void>;
  /** The last word stays. Masks of collected frames keep theirs. */
  readonly remove: (word: string) => Promise<void>;
  /** Makes the brush paint it. */
  readonly choose: (word: string) => Promise<void>;
  /** Takes over a list that is stored already. */
  readonly follow: (words: readonly string[]) => Promise<void>;
}

export function createWordActions(parts: Parts): WordActions {
  const { viewer, store, strings, working } = parts;

  const paintWith = async (
    word: string,
    take: (segmentation: SegmentationInfo) => Promise<void>,
  ): Promise<void> => {
    patchSettings(parts, { activeWord: word });
    const about = { name: 'word', where: 'frames', title: strings.frames.brushFailed, inTurn: true } as const;
    await attempt(parts, about, async () => {
      const place = viewer.active();
      const segmentation = place && working.current(place.series.id);
      // Before anything is drafted or painted there is no segment to choose; the first will be this one.
      if (segmentation) await take(segmentation);
      parts.refresh();
    });
  };
  /** What was in hand would go on painting a word that is gone. */
  const leaveRemoved = async (): Promise<void> => {
    const { words, activeWord } = store.getState().settings;
    const first = words[0];
    if (first !== undefined && !words.includes(activeWord)) {
      await paintWith(first, (shown) => working.activate(shown, first));
    }
    parts.refresh();
  };
  const choose = (word: string): Promise<void> =>
    paintWith(word, (segmentation) => working.handBrush(segmentation, word, 'brush'));

  return {
    choose,
    async add(word) {
      const wanted = word.trim();
      const { words } = store.getState().settings;
      const known = words.find((other) => fold(other) === fold(wanted));
      if (wanted === '') return;
      if (known === undefined) patchSettings(parts, { words: [...words, wanted] });
      await choose(known ?? wanted);
    },
    async remove(word) {
      const left = store.getState().settings.words.filter((other) => other !== word);
      if (left.length === 0) return;
      patchSettings(parts, { words: left });
      await leaveRemoved();
    },
    async follow(words) {
      patch(parts, { settings: { ...store.getState().settings, words: [...words] } });
      await leaveRemoved();
    },
  };
}
