import type { Role } from '../../../../src/protocol/frames.ts';
import type { Place } from '../../host/viewer.ts';
import { positionOf } from '../../store/collected-frame.ts';
import type { CollectedFrame } from '../../store/collected-frame.ts';
import { assignRoles } from '../../store/roles.ts';
import { isOnList, keepFrames, readFrame, uncollectedFrames } from './collecting.ts';
import { announce, attempt, patch, refusal } from '../common/context.ts';
import { draftFrame, takeBrush } from './draft.ts';
import { countPixels } from '../masks/masks.ts';
import { importFrames } from './importing.ts';
import { nextFrame } from './next-frame.ts';
import type { Parts } from '../masks/parts.ts';
import { exportSet } from './set-archive.ts';
import { shownPlace } from '../common/working.ts';

export interface FrameActions {
  readonly draft: () => Promise<void>;
  readonly brush: (tool: 'brush' | 'eraser') => Promise<void>;
  /** Puts the frame on screen, with the masks of all words, into the set. */
  readonly collect: () => Promise<void>;
  /** Says that the frame on screen shows none of the words. */
  readonly collectEmpty: () => Promise<void>;
  /**
   * Collects every frame of a series that was painted by hand.
   * @param place of the series; without it the one on screen
   * @returns how many; undefined where it failed
   */
  readonly collectPainted: (place?: Place) => Promise<number | undefined>;
  readonly remove: (id: string) => Promise<void>;
  readonly setRole: (id: string, role: Role) => Promise<void>;
  /** Says whether only a part of the frame was painted, so that nothing beside it is learnt from. */
  readonly setPaintedPartOnly: (id: string, only: boolean) => Promise<void>;
  readonly jump: (id: string) => Promise<void>;
  /** Goes where another annotation teaches most. */
  readonly next: () => Promise<void>;
  readonly exportZip: () => Promise<Blob | undefined>;
  readonly importZip: (file: Blob) => Promise<void>;
}

export function createFrameActions(parts: Parts): FrameActions {
  const { viewer, store, storage, strings, working, results } = parts;
  const s = strings.frames;

  const collecting = { name: 'collect', where: 'frames', title: s.collectFailed, inTurn: true } as const;

  const collectWith = async (empty: boolean): Promise<void> => {
    // The frame that was on screen when the button was pressed, whatever is by the time its turn has come.
    const place = viewer.active();
    await attempt(parts, collecting, async () => {
      const { series, frame } = shownPlace(parts, place);
      const segmentation = working.current(series.id);
      const collected = await readFrame(parts, series, segmentation, frame);
      const { words } = store.getState().settings;
      const painted = collected.masks.some(
        ({ word, mask }) => isOnList(words, word) && countPixels(mask) > 0,
      );
      if (!empty && !painted) throw refusal(strings.reasons.nothingPainted);
      if (empty && painted) throw refusal(strings.reasons.paintedNotEmpty);
      // What is accepted as a training frame is trained on, whatever its place in the order.
      const isResult = segmentation && series.frames.every((ref) => results.find(segmentation.id, ref));
      const accepted = isResult && !isKnown(collected.id);
      await keepFrames(parts, [accepted ? { ...collected, chosenRole: 'train' } : collected]);
      announce(parts, s.collected(positionOf(collected)));
    });
  };

  const isKnown = (id: string): boolean => store.getState().frames.some((frame) => frame.id === id);

  const update = async (id: string, change: (frame: CollectedFrame) => CollectedFrame): Promise<void> => {
    const changed = await storage.update(id, change);
    const { frames } = store.getState();
    // One that another tab has removed meanwhile is gone here, too.
    patch(parts, { frames: frames.flatMap((frame) => (frame.id === id ? (changed ?? []) : frame)) });
    parts.refresh();
  };

  return {
    draft: () => draftFrame(parts),
    brush: (tool) => takeBrush(parts, tool),
    collect: () => collectWith(false),
    collectEmpty: () => collectWith(true),
    collectPainted: (place = viewer.active()) =>
      attempt(parts, collecting, async () => {
        const { series } = shownPlace(parts, place);
        const segmentation = working.current(series.id);
        const refs = segmentation ? uncollectedFrames(parts, segmentation) : [];
        const frames: CollectedFrame[] = [];
        for (const ref of refs) frames.push(await readFrame(parts, series, segmentation, ref));
        await keepFrames(parts, frames);
        announce(parts, s.collectedMany(frames.length));
        return frames.length;
      }),
    async remove(id) {
      await attempt(parts, { name: `remove ${id}`, where: 'frames', title: s.removeFailed }, async () => {
        const frame = store.getState().frames.find((collected) => collected.id === id);
        if (!frame) return;
        await storage.remove([id]);
        patch(parts, { frames: store.getState().frames.filter((collected) => collected.id !== id) });
        parts.refresh();
        // Who has collected it again meanwhile keeps that.
        parts.offerUndo(s.removed(positionOf(frame)), async () => {
          if (!isKnown(id)) await keepFrames(parts, [frame]);
        });
      });
    },
    async setRole(id, role) {
      await attempt(parts, { name: `role ${id}`, where: 'frames', title: s.collectFailed }, () =>
        update(id, (frame) => ({ ...frame, chosenRole: role })),
      );
    },
    async setPaintedPartOnly(id, only) {
      await attempt(parts, { name: `part ${id}`, where: 'frames', title: s.collectFailed }, () =>
        update(id, ({ paintedPartOnly: _, ...frame }) => ({
          ...frame,
          ...(only && { paintedPartOnly: true }),
        })),
      );
    },
    async jump(id) {
      await attempt(parts, { name: 'jump', where: 'frames', title: s.jumpFailed }, async () => {
        const frame = store.getState().frames.find((collected) => collected.id === id);
        if (!frame) return;
        const open = viewer
          .series()
          .some(({ frames }) =>
            frames.some(
              (ref) =>
                ref.sopInstanceUid === frame.ref.sopInstanceUid && ref.frameNumber === frame.ref.frameNumber,
            ),
          );
        if (!open) throw refusal(s.notOpen(frame.seriesDescription));
        await viewer.goTo(frame.ref);
      });
    },
    next: () => nextFrame(parts),
    exportZip: () =>
      attempt(parts, { name: 'export set', where: 'frames', title: s.exportFailed }, async () => {
        const { frames, settings } = store.getState();
        const { zip, leftOut } = await exportSet(
          frames,
          assignRoles(frames, settings.heldOutShare),
          parts.config,
        );
        for (const { seriesDescription, reason } of leftOut) {
          viewer.notify('warning', s.export, s.exportedWithoutSeg(seriesDescription, reason));
        }
        return zip;
      }),
    async importZip(file) {
      await attempt(parts, { name: 'import set', where: 'frames', title: s.importFailed }, () =>
        importFrames(parts, file),
      );
    },
  };
}
