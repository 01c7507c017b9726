import type { MaskWrite, Series } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import type { UnsavedSegmentation } from '../../store/state.ts';
import { unpackMask } from '../../store/unsaved-frame.ts';
import type { UnsavedFrame } from '../../store/unsaved-frame.ts';
import { announce, attempt, refusal } from '../common/context.ts';
import type { MaskKeeper } from '../masks/mask-keeper.ts';
import type { Parts } from '../masks/parts.ts';
import { idsOf } from '../masks/unsaved-records.ts';
import type { UnsavedRecords } from '../masks/unsaved-records.ts';
import { shownPlace } from '../common/working.ts';

export interface UnsavedActions {
  /** Puts the masks into the viewer again, as a segmentation to go on with. */
  readonly bringBack: (key: string) => Promise<void>;
  readonly discard: (key: string) => Promise<void>;
}

/** Those of a series, the last first. */
export function unsavedOn(
  series: Series,
  records: UnsavedRecords,
  keeper: Pick<MaskKeeper, 'isOpen'>,
): readonly UnsavedSegmentation[] {
  const images = new Set(series.frames.map(({ sopInstanceUid }) => sopInstanceUid));
  const groups = new Map<string, UnsavedFrame[]>();
  for (const record of records.all()) {
    if (!images.has(record.ref.sopInstanceUid)) continue;
    groups.set(record.segmentation, [...(groups.get(record.segmentation) ?? []), record]);
  }
  return [...groups]
    .filter(([key]) => !keeper.isOpen(key))
    .map(([key, frames]) => {
      const { label, keptAt } = latest(frames);
      return { key, label, frames: frames.length, keptAt };
    })
    .sort((a, b) => b.keptAt.localeCompare(a.keptAt));
}

export function createUnsavedActions(parts: Parts): UnsavedActions {
  const { viewer, strings, store, working, machine, keeper, unsaved: records } = parts;
  const s = strings.frames;

  const write = async (series: Series, frames: readonly UnsavedFrame[]): Promise<void> => {
    const words = wordsOf(frames);
    const { activeWord } = store.getState().settings;
    const segmentation = await viewer.createSegmentation(
      series.id,
      latest(frames).label,
      words.map(({ word }) => word),
    );
    const segmentOf = new Map(words.map(({ index }, at) => [index, segmentation.segments[at]?.index]));
    try {
      const writes = frames.flatMap(({ ref, masks }) =>
        masks.flatMap((packed): MaskWrite[] => {
          const segmentIndex = segmentOf.get(packed.index);
          return segmentIndex === undefined ? [] : [{ frame: ref, segmentIndex, mask: unpackMask(packed) }];
        }),
      );
      const origins = new Map(frames.map(({ ref, origin }) => [frameId(ref), origin]));
      await viewer.writeMasks(segmentation.id, writes, {
        undoable: false,
        onWritten(frame) {
          const origin = origins.get(frameId(frame));
          if (origin) machine.note(segmentation.id, frame, origin);
        },
      });
    } catch (error) {
      viewer.removeSegmentation(segmentation.id);
      throw error;
    }
    working.choose(series.id, segmentation.id);
    const isOnScreen = viewer.active()?.series.id === series.id;
    if (isOnScreen) await working.handBrush(segmentation, activeWord, 'brush');
  };

  return {
    async bringBack(key) {
      await attempt(
        parts,
        { name: `unsaved ${key}`, where: 'frames', title: s.bringBackFailed },
        async () => {
          const { series } = shownPlace(parts, parts.viewer.active());
          const shown = new Set(series.frames.map(frameId));
          const frames = (await records.stillOf(key)).filter(({ ref }) => shown.has(frameId(ref)));
          parts.refresh();
          if (frames.length === 0) throw refusal(strings.reasons.takenElsewhere);
          await write(series, frames);
          // The old records go when the browser has those of the segmentation that is there now.
          if (await keeper.keepNow()) await records.change([], idsOf(frames));
          parts.refresh();
          announce(parts, s.broughtBack(frames.length));
        },
      );
    },
    async discard(key) {
      await attempt(parts, { name: `unsaved ${key}`, where: 'frames', title: s.discardFailed }, async () => {
        const frames = await records.stillOf(key);
        await records.change([], idsOf(frames));
        parts.refresh();
        if (frames.length === 0) return;
        parts.offerUndo(s.discarded(latest(frames).label), async () => {
          await records.change(frames, []);
          parts.refresh();
        });
      });
    },
  };
}

/** Segments of all frames together: one that was added later is missing in the earlier ones. */
function wordsOf(
  frames: readonly UnsavedFrame[],
): readonly { readonly index: number; readonly word: string }[] {
  const words = new Map(
    frames.flatMap(({ masks }) => masks.map(({ index, word }) => [index, word] as const)),
  );
  return [...words].map(([index, word]) => ({ index, word })).sort((a, b) => a.index - b.index);
}

function latest(frames: readonly UnsavedFrame[]): Pick<UnsavedFrame, 'label' | 'keptAt'> {
  return frames.reduce((a, b) => (b.keptAt > a.keptAt ? b : a));
}
