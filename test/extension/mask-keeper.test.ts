import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../extension/src/store/config.ts';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import { defaultSettings } from '../../extension/src/store/settings.ts';
import { createSessionStore } from '../../extension/src/store/state.ts';
import { openVisit } from '../../extension/src/store/visits.ts';
import { chooseStrings } from '../../extension/src/strings/index.ts';
import { createMachineMasks } from '../../extension/src/workflow/masks/machine-masks.ts';
import { createMaskKeeper } from '../../extension/src/workflow/masks/mask-keeper.ts';
import { createResults } from '../../extension/src/workflow/masks/results.ts';
import { createUnsavedRecords } from '../../extension/src/workflow/masks/unsaved-records.ts';
import { createFakeBackend } from './fake-backend.ts';
import { createFakeViewer, drawFrame, makeSeries } from './fake-viewer.ts';

/** A keeper that has seen a model draw a frame of a segmentation on each of two series. */
async function drawn() {
  const series = [makeSeries('A', 2), makeSeries('B', 2)] as const;
  const viewer = createFakeViewer(series);
  const storage = memoryStorage();
  const config = readConfig(undefined);
  const visits = openVisit();
  const [machine, results] = [createMachineMasks(viewer), createResults()];
  const keeper = createMaskKeeper({
    viewer,
    storage,
    config,
    machine,
    results,
    backend: createFakeBackend(),
    strings: chooseStrings(['en']),
    store: createSessionStore(defaultSettings(config)),
    seeFrame: async () => drawFrame(16, 1),
    now: () => new Date(),
    offerUndo() {},
    isInSet: () => false,
    unsaved: createUnsavedRecords(storage, visits),
    visit: visits.own,
  });
  for (const { id, frames } of series) {
    const segmentation = await viewer.createSegmentation(id, id, ['Vein']);
    const frame = frames[0]!;
    viewer.paint(segmentation.id, 1, frame, [0, 1]);
    machine.note(segmentation.id, frame);
    results.add(
      segmentation.id,
      { frame, width: 16, height: 16, maps: [], uncertainty: 0 },
      { kind: 'model', id: 'x' },
    );
  }
  const idOf = (seriesId: string): string => viewer.segmentations(seriesId)[0]?.id ?? '';
  /** Whether what the model found there is known still. */
  const isKnown = (id: string): boolean =>
    results.of(id).length > 0 ||
    series.some(({ frames }) => frames.some((frame) => machine.noteOf(id, frame) !== undefined));
  return {
    series,
    viewer,
    keeper,
    idOf,
    isKnown,
    end: () => {
      keeper.stop();
      visits.end();
    },
  };
}

test('what a model found is let go with its segmentation, whether that is removed or goes with its study', async () => {
  const { series, viewer, keeper, idOf, isKnown, end } = await drawn();
  const [a, b] = [idOf('A'), idOf('B')];
  await keeper.keepNow();
  assert.deepEqual([isKnown(a), isKnown(b)], [true, true]);
  viewer.removeSegmentation(a);
  await keeper.keepNow();
  assert.deepEqual([isKnown(a), isKnown(b)], [false, true]);
  viewer.close(series[1]);
  viewer.removeSegmentation(b);
  await keeper.keepNow();
  assert.equal(isKnown(b), false);
  end();
});

test('what a model found stays while the viewer has the segmentation, though its series is not shown', async () => {
  const { series, viewer, keeper, idOf, isKnown, end } = await drawn();
  const a = idOf('A');
  viewer.close(series[0]);
  viewer.paint(a, 1, series[0].frames[1]!, [0]);
  await keeper.keepNow();
  assert.ok(isKnown(a));
  end();
});
