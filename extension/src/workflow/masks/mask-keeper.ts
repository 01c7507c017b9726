import { createBreather } from '../../breather.ts';
import type { FrameRef, SegmentationInfo, Series } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import { packMask } from '../../store/unsaved-frame.ts';
import type { Origin, UnsavedFrame } from '../../store/unsaved-frame.ts';
import { patch, report } from '../common/context.ts';
import type { Context } from '../common/context.ts';
import { isOfModel } from './machine-masks.ts';
import type { MachineMasks } from './machine-masks.ts';
import type { Results } from './results.ts';
import { idsOf, segmentationOf } from './unsaved-records.ts';
import type { UnsavedRecords } from './unsaved-records.ts';

/** Milliseconds without a change, after which masks are kept. */
const QUIET = 500;
/** Whoever paints on and on has them kept this often all the same. */
const LONGEST = 3000;
/** Records that are written in one go. */
const BATCH = 16;

/** Fingerprints of the painted frames of a segmentation, by frame ID. */
export type Fingerprints = ReadonlyMap<string, number>;

/**
 * Keeps the masks of every segmentation with anything that a person painted or corrected and that is neither in the archive nor
 * in the training set as it is on screen, half a second after each change, so that a tab that is killed or a study that is
 * left costs nobody their work. What a model drew and nobody touched can be had again by pressing its button. What is known
 * of a segmentation's masks is let go when it is gone.
 */
export interface MaskKeeper {
  readonly fingerprints: (segmentationId: string) => Fingerprints;
  /** Whether a frame is as the archive had it when the segmentation was opened. */
  readonly isAsOpened: (segmentationId: string, frame: FrameRef) => boolean;
  /** The archive has the segmentation as it was then. @returns whether it is still so, as it is where it is gone */
  readonly saved: (segmentationId: string, then: Fingerprints) => boolean;
  /** Whether records are those of a segmentation that is in the viewer now. */
  readonly isOpen: (segmentation: string) => boolean;
  /** Keeps what has changed without a pause, for a page that is about to go. @returns whether the browser took all of it */
  readonly keepNow: () => Promise<boolean>;
  /** Has the records taken away between two keeps. What is on screen then is kept again only once it changes. */
  readonly erase: (clear: () => Promise<void>) => Promise<void>;
  readonly stop: () => void;
}

interface Needs extends Context {
  readonly machine: MachineMasks;
  readonly results: Pick<Results, 'forget'>;
  readonly unsaved: UnsavedRecords;
  /** Of this page. */
  readonly visit: string;
  /** Whether all that is painted on a frame is in the training set as it is on screen. */
  readonly isInSet: (segmentation: SegmentationInfo, frame: FrameRef) => boolean;
}

interface Found {
  readonly info: SegmentationInfo;
  readonly series: Series;
}

interface Watched {
  readonly seriesId: string;
  /** As it was when it was first seen. */
  readonly opened: Fingerprints;
  /** As the archive has it: as it was opened, or last saved. */
  saved: Fingerprints;
  /** As the browser's records have it. */
  readonly kept: Map<string, number>;
  /** As it was when the records were erased. */
  erased: Fingerprints;
}

export function createMaskKeeper(context: Needs): MaskKeeper {
  const { viewer, store, strings, machine, results, now, isInSet, unsaved: records, visit } = context;
  const nameOf = (segmentationId: string): string => segmentationOf(visit, segmentationId);
  const recordId = (segmentationId: string, frame: string): string => `${nameOf(segmentationId)} ${frame}`;
  const watched = new Map<string, Watched>();
  const changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let changedAt: number | undefined;
  let keeping = Promise.resolve(true);

  const all = (): readonly Found[] => {
    try {
      return viewer
        .series()
        .flatMap((series) => viewer.segmentations(series.id).map((info): Found => ({ info, series })));
    } catch (error) {
      console.warn('SALT: the viewer is between two studies', error);
      return [];
    }
  };
  const find = (segmentationId: string): Found | undefined =>
    all().find(({ info }) => info.id === segmentationId);

  /** Whether it is there still, though its series may not be: such a one comes back as it is. */
  const isInViewer = (segmentationId: string): boolean => {
    try {
      viewer.paintedFrames(segmentationId);
      return true;
    } catch {
      return false;
    }
  };

  const fingerprints = (segmentationId: string): Fingerprints =>
    new Map(
      viewer
        .paintedFrames(segmentationId)
        .map((frame) => [frameId(frame), viewer.fingerprint(segmentationId, frame)]),
    );

  const watch = (segmentationId: string): Watched | undefined => {
    const known = watched.get(segmentationId);
    const found = known ? undefined : find(segmentationId);
    if (!found) return known;
    const { seriesId } = found.info;
    const opened = fingerprints(segmentationId);
    const added: Watched = { seriesId, opened, saved: opened, kept: new Map(), erased: new Map() };
    watched.set(segmentationId, added);
    return added;
  };

  const isSafe = ({ info, series }: Found, shown: Fingerprints, saved: Fingerprints): boolean =>
    [...saved.keys()].every((id) => shown.has(id)) &&
    series.frames.every(
      (frame) =>
        shown.get(frameId(frame)) === saved.get(frameId(frame)) ||
        machine.isAsWritten(info.id, frame) ||
        isInSet(info, frame),
    );

  const originOf = (info: SegmentationInfo, frame: FrameRef): Origin | undefined => {
    const { id } = info;
    if (machine.noteOf(id, frame) || !isOfModel(info)) return machine.originOf(id, frame);
    // A model's by what the archive says.
    const opened = watched.get(id)?.opened.get(frameId(frame));
    if (opened === undefined) return undefined;
    return opened === viewer.fingerprint(id, frame) ? 'asWritten' : 'corrected';
  };

  const record = (info: SegmentationInfo, ref: FrameRef): UnsavedFrame => {
    const { id, label, segments } = info;
    const origin = originOf(info, ref);
    return {
      id: recordId(id, frameId(ref)),
      segmentation: nameOf(id),
      label,
      ref,
      masks: segments.flatMap(({ index, label: word }) => {
        const mask = viewer.readMask(id, index, ref);
        return mask?.data.includes(1) ? [packMask(index, word, mask)] : [];
      }),
      ...(origin && { origin }),
      keptAt: now().toISOString(),
    };
  };

  const keep = async (segmentationId: string, pause: () => Promise<void> | undefined): Promise<void> => {
    const entry = watched.get(segmentationId);
    if (!entry) return;
    const found = find(segmentationId);
    if (!found) {
      // Where its series is open still, a person has removed it. Else the study was left, and what is not saved can be brought back.
      const isRemoved = viewer.series().some(({ id }) => id === entry.seriesId);
      if (isInViewer(segmentationId)) return;
      machine.forget(segmentationId);
      results.forget(segmentationId);
      const isSaved = entry.kept.size > 0 && sameFingerprints(entry.kept, entry.saved);
      if (!isRemoved && !isSaved) return;
      watched.delete(segmentationId);
      await records.change([], idsOf(records.of(nameOf(segmentationId))));
      return;
    }
    const shown = fingerprints(segmentationId);
    const wanted = isSafe(found, shown, entry.saved)
      ? new Map<string, number>()
      : new Map([...shown].filter(([id, fingerprint]) => entry.erased.get(id) !== fingerprint));
    const gone = [...entry.kept.keys()].filter((id) => !wanted.has(id));
    await records.change(
      [],
      gone.map((id) => recordId(segmentationId, id)),
    );
    for (const id of gone) entry.kept.delete(id);
    const due = found.series.frames.filter((frame) => {
      const fingerprint = wanted.get(frameId(frame));
      return fingerprint !== undefined && fingerprint !== entry.kept.get(frameId(frame));
    });
    for (let at = 0; at < due.length; at += BATCH) {
      const put: UnsavedFrame[] = [];
      for (const frame of due.slice(at, at + BATCH)) {
        put.push(record(found.info, frame));
        await pause();
      }
      await records.change(put, []);
      for (const { ref } of put) entry.kept.set(frameId(ref), shown.get(frameId(ref)) ?? 0);
    }
  };

  const keepAll = (pause: () => Promise<void> | undefined): Promise<boolean> => {
    clearTimeout(timer);
    changedAt = undefined;
    keeping = keeping.then(async () => {
      let failure: unknown;
      for (const id of [...changed]) {
        changed.delete(id);
        try {
          await keep(id, pause);
        } catch (error) {
          // Where it was taken away meanwhile, there is nothing to tell.
          if (!find(id)) continue;
          failure = error;
          changed.add(id);
        }
      }
      tell(failure);
      return failure === undefined;
    });
    return keeping;
  };

  let isTold = false;
  /** Once, not after every stroke; put away when it has passed. */
  const tell = (error: unknown): void => {
    const title = strings.frames.keepFailed;
    if (error !== undefined && !isTold) report(context, 'frames', title, error);
    else if (error === undefined && isTold) {
      patch(context, { problems: store.getState().problems.filter((problem) => problem.title !== title) });
    }
    isTold = error !== undefined;
  };

  const schedule = (): void => {
    const time = performance.now();
    changedAt ??= time;
    clearTimeout(timer);
    timer = setTimeout(
      () => void keepAll(createBreather()),
      Math.max(0, Math.min(QUIET, changedAt + LONGEST - time)),
    );
  };

  // Those that are there already are as their archive has them, as far as is known.
  for (const { info } of all()) watch(info.id);
  const unfollow = [
    viewer.onMaskChange((segmentationId) => {
      if (!watch(segmentationId)) return;
      changed.add(segmentationId);
      schedule();
    }),
    store.subscribe(({ frames }, before) => {
      if (frames === before.frames || watched.size === 0) return;
      for (const id of watched.keys()) changed.add(id);
      schedule();
    }),
  ];

  return {
    fingerprints,
    isAsOpened: (segmentationId, frame) =>
      watched.get(segmentationId)?.opened.get(frameId(frame)) === viewer.fingerprint(segmentationId, frame),
    saved(segmentationId, then) {
      const entry = watch(segmentationId);
      if (entry) entry.saved = then;
      changed.add(segmentationId);
      schedule();
      return !find(segmentationId) || sameFingerprints(fingerprints(segmentationId), then);
    },
    // Looked up, since not all that goes with its study is told of.
    isOpen: (segmentation) => all().some(({ info }) => nameOf(info.id) === segmentation),
    keepNow: () => keepAll(() => undefined),
    erase(clear) {
      const erased = keeping.then(clear).then(() => {
        for (const entry of watched.values()) entry.kept.clear();
        for (const { info } of all()) {
          const entry = watched.get(info.id);
          if (entry) entry.erased = fingerprints(info.id);
        }
      });
      keeping = erased.then(
        () => true,
        () => false,
      );
      return erased;
    },
    stop() {
      for (const stop of unfollow) stop();
      clearTimeout(timer);
    },
  };
}

function sameFingerprints(a: Fingerprints, b: Fingerprints): boolean {
  return a.size === b.size && [...a].every(([id, fingerprint]) => b.get(id) === fingerprint);
}
