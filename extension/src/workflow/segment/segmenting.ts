import type { Source } from '../../../../src/protocol/backend.ts';
import type { FrameRef, MaskWrite, SegmentationInfo, Series } from '../../host/viewer.ts';
import { frameId } from '../../store/collected-frame.ts';
import type { Scope, SegmentingState } from '../../store/state.ts';
import { isInSet } from '../frames/collecting.ts';
import { announce, attempt, ended, isCancelled, patch, refusal, report } from '../common/context.ts';
import { isAsOpened } from '../masks/as-opened.ts';
import type { Note } from '../masks/machine-masks.ts';
import type { Parts } from '../masks/parts.ts';
import type { FrameResult } from '../masks/results.ts';
import { currentSource, sourceName } from '../common/source.ts';
import { shownPlace, segmentOf } from '../common/working.ts';
import { keptWrites } from '../masks/write-result.ts';
import { createSeeInRun } from './beside.ts';

/** One series' share of a job. All of it is settled when the job starts, whatever the user opens meanwhile. */
interface Target {
  readonly series: Series;
  readonly frames: readonly FrameRef[];
}

/** What a job changed, to be taken back. */
interface Change {
  readonly segmentation: SegmentationInfo;
  readonly isNew: boolean;
  readonly before: FrameBefore[];
}

/** A frame as it was before the job wrote to it. */
interface FrameBefore {
  readonly frame: FrameRef;
  readonly writes: readonly MaskWrite[];
  readonly note: Note | undefined;
  readonly result: FrameResult | undefined;
}

export interface SegmentJobs {
  /** @param seriesId of `series`: another than the one on screen */
  readonly segment: (scope: Scope, seriesId?: string) => Promise<void>;
  readonly cancel: () => void;
}

export function createSegmentJobs(parts: Parts): SegmentJobs {
  const { viewer, store, strings } = parts;
  const s = strings.segment;
  let abort: AbortController | undefined;

  const set = (change: Partial<SegmentingState>): void =>
    patch(parts, { segmenting: { ...store.getState().segmenting, ...change } });

  const targets = (scope: Scope, seriesId: string | undefined): readonly Target[] => {
    if (scope === 'all') return viewer.series().map((series) => ({ series, frames: series.frames }));
    const named = viewer.series().find(({ id }) => id === seriesId);
    if (named) return [{ series: named, frames: named.frames }];
    const { series, frame } = shownPlace(parts, parts.viewer.active());
    return [{ series, frames: scope === 'frame' ? [frame] : series.frames }];
  };

  const perform = async (scope: Scope, seriesId: string | undefined, signal: AbortSignal): Promise<void> => {
    const source = currentSource(store.getState());
    if (!source) throw refusal(strings.reasons.noWords);
    const { words } = store.getState().settings;
    const label = strings.segment.label(sourceName(store.getState(), source), words.join(', '));
    const wanted = targets(scope, seriesId);
    let total = wanted.reduce((sum, { frames }) => sum + frames.length, 0);
    if (total === 0) throw refusal(strings.reasons.noImage);
    set({ status: 'running', title: '', done: 0, total, secondsLeft: null, warnings: [] });
    const changes: Change[] = [];
    const clock = createClock();
    const onFrame = (warnings: readonly string[]): void => {
      const { done, secondsLeft } = clock.tick(total);
      set({ done, secondsLeft, warnings: merge(store.getState().segmenting.warnings, warnings) });
    };
    patch(parts, { problems: store.getState().problems.filter(({ where }) => where !== 'segment') });
    try {
      for (const target of wanted) {
        const before = store.getState().segmenting.done;
        set({ title: target.series.description });
        try {
          await segmentSeries(parts, { ...target, source, words, label, scope, signal }, changes, onFrame);
        } catch (error) {
          // One series that cannot be read does not keep the others waiting.
          if (scope !== 'all' || isCancelled(error)) throw error;
          report(parts, 'segment', s.seriesFailed(target.series.description), error);
          // The frames that it left over are not waited for.
          total -= target.frames.length - (store.getState().segmenting.done - before);
          set({ total });
        }
      }
    } finally {
      // What is done is kept and can be taken back, whether the job ended, failed or was cancelled.
      const { done, warnings } = store.getState().segmenting;
      set({ status: done > 0 ? 'done' : 'idle', secondsLeft: null });
      if (changes.length > 0) parts.offerUndo(s.done(done), () => undo(changes));
      // At once: of two announcements, the second alone is read out.
      if (warnings.length > 0) announce(parts, [s.done(done), ...warnings].join(' '));
      parts.refresh();
    }
  };

  /** A job that runs meanwhile ends first, as it may write to the same segmentation; what it did can be taken back in turn. */
  const undo = async (changes: readonly Change[]): Promise<void> => {
    abort?.abort();
    await ended(parts, 'segment');
    await takeBack(parts, changes);
    if (!abort) set({ status: 'idle' });
    parts.refresh();
  };

  return {
    async segment(scope, seriesId) {
      await attempt(parts, { name: 'segment', where: 'segment', title: s.failed }, async () => {
        abort = new AbortController();
        try {
          await perform(scope, seriesId, abort.signal);
        } catch (error) {
          if (!isCancelled(error)) throw error;
          announce(parts, s.cancelled);
        } finally {
          abort = undefined;
        }
      });
    },
    cancel: () => abort?.abort(),
  };
}

interface SeriesJob extends Target {
  readonly source: Source;
  readonly words: readonly string[];
  /** Of the segmentation that results of this source and these words go to. */
  readonly label: string;
  readonly scope: Scope;
  readonly signal: AbortSignal;
}

async function segmentSeries(
  parts: Parts,
  { series, frames, source, words, label, scope, signal }: SeriesJob,
  changes: Change[],
  onFrame: (warnings: readonly string[]) => void,
): Promise<void> {
  const { viewer, backend, store, seeFrame, working, machine, results } = parts;
  const see = createSeeInRun(series, seeFrame);
  let change: Change | undefined;
  for (const frame of frames) {
    signal.throwIfAborted();
    const { frame: pixels, beside } = await see(frame);
    const { maps, uncertainty } = await backend.segment({ source, words, frame: pixels, beside }, signal);
    signal.throwIfAborted();
    // Made with the first result, so that a failure before leaves nothing behind.
    if (!change) {
      const { activeWord } = store.getState().settings;
      change = await openTarget(parts, series, label, words);
      changes.push(change);
      working.choose(series.id, change.segmentation.id);
      if (viewer.active()?.series.id === series.id)
        await working.handBrush(change.segmentation, activeWord, 'brush');
    }
    const { segmentation, before } = change;
    const result = { frame, width: pixels.width, height: pixels.height, maps, uncertainty };
    const earlier = results.find(segmentation.id, frame);
    results.add(segmentation.id, result, source);
    if (!isAPersons(parts, segmentation, frame)) {
      const writes = keptWrites(parts, segmentation, result);
      before.push({
        frame,
        writes: masksNow(parts, segmentation, writes),
        note: machine.noteOf(segmentation.id, frame),
        result: earlier,
      });
      await viewer.writeMasks(segmentation.id, writes, { undoable: scope === 'frame' });
      machine.note(segmentation.id, frame);
    }
    onFrame(maps.flatMap(({ warning }) => (warning ? [parts.strings.segment.warning(warning)] : [])));
  }
}

/**
 * What a person corrected or painted is not painted over, unless it has been collected as it is and need not be kept. What was
 * opened from the archive may be: it has that still, whoever drew it.
 */
function isAPersons(parts: Parts, segmentation: SegmentationInfo, frame: FrameRef): boolean {
  const { keepMine } = parts.store.getState().settings;
  return (
    parts.machine.isTouched(segmentation.id, frame) &&
    !isAsOpened(parts, segmentation.id, frame) &&
    (keepMine || !isInSet(parts, segmentation, frame))
  );
}

/** The segmentation of that label; one of a job before is used again. */
async function openTarget(
  { viewer }: Parts,
  series: Series,
  label: string,
  words: readonly string[],
): Promise<Change> {
  const existing = viewer.segmentations(series.id).find((candidate) => candidate.label === label);
  if (!existing) {
    return {
      segmentation: await viewer.createSegmentation(series.id, label, words),
      isNew: true,
      before: [],
    };
  }
  for (const word of words) if (!segmentOf(existing, word)) await viewer.ensureSegment(existing.id, word);
  const segmentation = viewer.segmentations(series.id).find(({ id }) => id === existing.id) ?? existing;
  return { segmentation, isNew: false, before: [] };
}

function masksNow(
  { viewer }: Pick<Parts, 'viewer'>,
  { id }: SegmentationInfo,
  writes: readonly MaskWrite[],
): readonly MaskWrite[] {
  return writes.map(({ frame, segmentIndex, mask }) => {
    const data = viewer.readMask(id, segmentIndex, frame)?.data;
    return {
      frame,
      segmentIndex,
      mask: { ...mask, data: data ? Uint8Array.from(data) : new Uint8Array(mask.data.length) },
    };
  });
}

/** What a person has corrected since stays, and what they have removed is not missed. */
async function takeBack(parts: Parts, changes: readonly Change[]): Promise<void> {
  const { viewer, machine, results } = parts;
  for (const { segmentation, isNew, before } of changes) {
    const { id, seriesId } = segmentation;
    if (!viewer.segmentations(seriesId).some((one) => one.id === id)) continue;
    const isTouched = (frame: FrameRef): boolean => machine.isTouched(id, frame);
    if (isNew && !viewer.paintedFrames(id).some(isTouched)) {
      viewer.removeSegmentation(id);
      continue;
    }
    const earlier = new Map(before.map((one) => [frameId(one.frame), one]));
    await viewer.writeMasks(
      id,
      before.flatMap(({ writes }) => writes),
      {
        unless: isTouched,
        onWritten(frame) {
          const { note, result } = earlier.get(frameId(frame)) ?? {};
          machine.restore(id, frame, note);
          results.restore(id, frame, result);
        },
      },
    );
  }
}

function merge(known: readonly string[], added: readonly string[]): readonly string[] {
  const all = new Set([...known, ...added]);
  return all.size === known.length ? known : [...all];
}

/** Counts frames and tells how long the rest of a total will take, from the mean of those done; the first is slow. */
function createClock(): { tick(total: number): { done: number; secondsLeft: number | null } } {
  let done = 0;
  let afterFirst = 0;
  return {
    tick(total) {
      done++;
      if (done === 1) afterFirst = performance.now();
      const each = done > 1 ? (performance.now() - afterFirst) / (done - 1) : undefined;
      return { done, secondsLeft: each === undefined ? null : ((total - done) * each) / 1000 };
    },
  };
}
