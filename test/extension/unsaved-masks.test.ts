import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameRef, SavedSegmentation } from '../../extension/src/host/viewer.ts';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import type { SetStorage } from '../../extension/src/store/storage.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { withResolvers } from './fake-backend.ts';
import { openSession, quietly, segmentationOf } from './open-session.ts';
import type { Opened } from './open-session.ts';

/** A visit in which two frames were drafted, one of them corrected, and a third was painted by hand in two words. */
async function workedOn(storage: SetStorage): Promise<Opened> {
  const opened = await openSession({ storage });
  const { session, viewer, series } = opened;
  await session.words.add('Catheter');
  await session.frames.draft();
  viewer.open(series[0], 1);
  await session.frames.draft();
  const { id } = segmentationOf(opened, 'A');
  viewer.paint(id, 1, frame(opened, 1), [0, 1]);
  viewer.paint(id, 1, frame(opened, 4), [5, 6, 7]);
  viewer.paint(id, 2, frame(opened, 4), [40]);
  return opened;
}

function frame({ series }: Opened, index: number): FrameRef {
  const found = series[0].frames[index];
  assert.ok(found);
  return found;
}

/** Labels of every frame of the last segmentation on the first series. */
function labels(opened: Opened): number[][] {
  const { id, segments } = segmentationOf(opened, 'A');
  return opened.series[0].frames.map((ref) => {
    const masks = segments.map(({ index }) => opened.viewer.readMask(id, index, ref));
    const size = masks[0]?.data.length ?? 0;
    return Array.from({ length: size }, (_, at) => masks.findIndex((mask) => mask?.data[at] === 1) + 1);
  });
}

const painted = (opened: Opened) => labels(opened).map((pixels) => pixels.some((label) => label > 0));

async function offered(opened: Opened) {
  await opened.until(({ place }) => (place?.unsaved.length ?? 0) > 0);
  const [first, ...others] = opened.state().place?.unsaved ?? [];
  assert.ok(first && others.length === 0);
  return first;
}

test('what a closed tab had not saved comes back pixel for pixel, and as whose work it was', async () => {
  const storage = memoryStorage();
  const first = await workedOn(storage);
  await first.session.keepNow();

  const second = await openSession({ storage });
  const { session, viewer, until } = second;
  const { key, label, frames } = await offered(second);
  assert.deepEqual([label, frames], ['SALT · Run A', 3]);
  assert.deepEqual(viewer.segmentations('A'), [], 'nothing is shown before it is asked for');
  await session.unsaved.bringBack(key);
  assert.deepEqual(
    labels(second).filter((pixels) => pixels.length > 0),
    labels(first).filter((pixels) => pixels.length > 0),
  );
  assert.deepEqual(painted(second), [true, true, false, false, true, false]);
  assert.deepEqual(
    segmentationOf(second, 'A').segments.map((segment) => segment.label),
    ['Vein', 'Catheter'],
  );
  // It is not saved yet either, so a third visit finds it, once.
  await session.keepNow();
  const third = await openSession({ storage });
  assert.equal((await offered(third)).frames, 3);

  // The untouched draft is not taken for a person's work, the corrected one is, and began as a draft.
  await until(({ place }) => place?.uncollected === 2 && place.unsaved.length === 0);
  await session.frames.collectPainted();
  assert.deepEqual(
    second.state().frames.map((collected) => [collected.ref.frameNumber, collected.drafted]),
    [
      [2, true],
      [5, undefined],
    ],
  );
});

test('only what changed since it was saved is offered', async () => {
  const storage = memoryStorage();
  const opened = await workedOn(storage);
  await opened.session.keepNow();
  assert.equal((await storage.unsaved()).length, 3);
  await opened.session.saving.save();
  await opened.session.keepNow();
  assert.deepEqual(await storage.unsaved(), []);

  const { id } = segmentationOf(opened, 'A');
  opened.viewer.paint(id, 1, frame(opened, 5), [9]);
  await opened.session.keepNow();
  assert.equal((await storage.unsaved()).length, 4, 'the whole segmentation, as it is saved whole');
  opened.viewer.erase(id, frame(opened, 5), [9]);
  await opened.session.keepNow();
  assert.deepEqual(await storage.unsaved(), [], 'it is as it was saved');
});

test('a stroke while the archive stores is not taken for saved', async () => {
  const storage = memoryStorage();
  const opened = await workedOn(storage);
  const { session, viewer, state } = opened;
  const { id } = segmentationOf(opened, 'A');
  const save = viewer.save.bind(viewer);
  Object.assign(viewer, {
    save: async (request: Parameters<typeof save>[0]) => {
      viewer.paint(id, 1, frame(opened, 5), [9]);
      return save(request);
    },
  });
  await session.saving.save();
  assert.equal(state().saved[id]?.stale, true);
  await session.keepNow();
  assert.equal((await storage.unsaved()).length, 4);
});

for (const leave of ['its study is left', 'it is removed']) {
  test(`what the archive stored is saved and not offered again, though ${leave} meanwhile`, async () => {
    const storage = memoryStorage();
    const opened = await workedOn(storage);
    const { session, viewer, series, state } = opened;
    await session.keepNow();
    const stored = withResolvers<SavedSegmentation>();
    viewer.save = () => stored.promise;
    const saving = session.saving.save();
    if (leave === 'its study is left') viewer.close(series[0]);
    viewer.removeSegmentation(segmentationOf(opened, 'A').id);
    await session.keepNow();
    stored.resolve({ sopInstanceUids: ['1.9'], bytes: 1, frames: 3 });
    await quietly(() => saving);
    await session.keepNow();
    assert.deepEqual(state().problems, []);
    assert.equal(viewer.notices.at(-1)?.level, 'success');
    assert.deepEqual(await storage.unsaved(), []);
  });
}

test('a segmentation that a person removes is gone; one whose study is left is kept', async () => {
  const storage = memoryStorage();
  const opened = await workedOn(storage);
  const { session, viewer, series } = opened;
  await session.keepNow();
  viewer.removeSegmentation(segmentationOf(opened, 'A').id);
  await session.keepNow();
  assert.deepEqual(await storage.unsaved(), []);

  viewer.open(series[0], 0);
  await session.frames.draft();
  await session.keepNow();
  assert.deepEqual(await storage.unsaved(), [], 'a draft that nobody touched is had again by a press');
  viewer.paint(segmentationOf(opened, 'A').id, 1, frame(opened, 0), [0, 1]);
  await session.keepNow();
  viewer.close(series[0]);
  viewer.removeSegmentation(segmentationOf(opened, 'A').id);
  await session.keepNow();
  assert.equal((await storage.unsaved()).length, 1);
});

test('what is discarded can be had back for a while', async () => {
  const storage = memoryStorage();
  await (await workedOn(storage)).session.keepNow();
  const opened = await openSession({ storage });
  const { session, state, until } = opened;
  const { key } = await offered(opened);
  await session.unsaved.discard(key);
  assert.match(state().announcement, /discarded/u);
  await until(({ place }) => place?.unsaved.length === 0);
  assert.deepEqual(await storage.unsaved(), []);
  assert.match(state().undo?.text ?? '', /discarded/);
  await session.undo();
  assert.equal((await offered(opened)).frames, 3);
});

test('what another window has brought back and saved is not brought back a second time', async () => {
  const storage = memoryStorage();
  await (await workedOn(storage)).session.keepNow();
  const here = await openSession({ storage });
  const there = await openSession({ storage });
  const { key } = await offered(here);
  assert.equal((await offered(there)).key, key);
  await there.session.unsaved.bringBack(key);
  await there.session.saving.save();
  await there.session.keepNow();
  assert.deepEqual(await storage.unsaved(), []);

  await quietly(() => here.session.unsaved.bringBack(key));
  assert.deepEqual(here.viewer.segmentations('A'), []);
  assert.match(here.state().problems[0]?.message ?? '', /another window/i);
  await here.until(({ place }) => place?.unsaved.length === 0);
});

test('what another window has brought back is not discarded, nor had back after that', async () => {
  const storage = memoryStorage();
  await (await workedOn(storage)).session.keepNow();
  const here = await openSession({ storage });
  const there = await openSession({ storage });
  const { key } = await offered(here);
  await there.session.unsaved.bringBack(key);
  await there.session.saving.save();
  await there.session.keepNow();
  await here.session.unsaved.discard(key);
  assert.equal(here.state().undo, undefined);
  await here.until(({ place }) => place?.unsaved.length === 0);
});

/** A storage that takes nothing more while its disk is full. */
function onDisk(storage: SetStorage, disk: { readonly isFull: boolean }): SetStorage {
  return {
    ...storage,
    async changeUnsaved(put, remove) {
      if (disk.isFull && put.length > 0) {
        throw new SaltError('FILE_UNWRITABLE', 'The browser’s storage is full.');
      }
      await storage.changeUnsaved(put, remove);
    },
  };
}

test('a browser that takes no more is told once, and what is there stays until the rest is kept', async () => {
  const storage = memoryStorage();
  await (await workedOn(storage)).session.keepNow();
  const disk = { isFull: false };
  const opened = await openSession({ storage: onDisk(storage, disk) });
  const { session, viewer, state } = opened;
  const { key } = await offered(opened);
  disk.isFull = true;
  await quietly(async () => {
    await session.unsaved.bringBack(key);
    viewer.paint(segmentationOf(opened, 'A').id, 1, frame(opened, 5), [9]);
    assert.equal(await session.keepNow(), false);
  });
  assert.deepEqual(
    state().problems.map(({ title }) => title),
    ['Save before you leave: your masks are no longer kept here'],
  );
  assert.equal(viewer.notices.filter(({ level }) => level === 'error').length, 1);
  assert.equal((await storage.unsaved()).length, 3, 'the earlier visit’s');

  disk.isFull = false;
  viewer.paint(segmentationOf(opened, 'A').id, 1, frame(opened, 5), [10]);
  assert.equal(await session.keepNow(), true);
  assert.deepEqual(state().problems, []);
  assert.equal((await storage.unsaved()).length, 7);
});

test('that masks are not kept is told for as long as it is so, whatever else was kept meanwhile', async () => {
  const storage = memoryStorage();
  const disk = { isFull: false };
  const opened = await openSession({ storage: onDisk(storage, disk) });
  const { session, viewer, series, state } = opened;
  await session.segmenting.segment('all');
  disk.isFull = true;
  await quietly(async () => {
    viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[0]!, [0, 1]);
    // Nothing of the other has to be kept, which cannot fail.
    viewer.paint(segmentationOf(opened, 'B').id, 1, series[1].frames[0]!, []);
    assert.equal(await session.keepNow(), false);
    assert.equal(await session.keepNow(), false, 'it is tried again');
  });
  assert.equal(state().problems.length, 1);
  disk.isFull = false;
  assert.equal(await session.keepNow(), true);
  assert.deepEqual(state().problems, []);
  assert.equal((await storage.unsaved()).length, 6);
});

test('records that cannot be read are left out, and erasing everything erases them', async () => {
  const storage = memoryStorage();
  await (await workedOn(storage)).session.keepNow();
  const { warn } = console;
  console.warn = () => {};
  const [record] = await storage.unsaved();
  const broken: SetStorage = {
    ...storage,
    unsaved: async () => [{ ...(record as object), masks: 7 }, 'x', null],
  };
  const opened = await openSession({ storage: broken }).finally(() => (console.warn = warn));
  assert.deepEqual(opened.state().place?.unsaved, []);
  await opened.session.adapters.eraseAll();
  assert.deepEqual(await storage.unsaved(), []);
});

test('what was on screen when everything was erased is kept again only once it changes', async () => {
  const storage = memoryStorage();
  const opened = await workedOn(storage);
  const { session, viewer } = opened;
  await session.frames.collect();
  await session.keepNow();
  assert.equal((await storage.unsaved()).length, 3);
  // The set is emptied too, of which the keeper is told; and what it was about to keep is erased with the rest.
  viewer.paint(segmentationOf(opened, 'A').id, 1, frame(opened, 1), [0, 1, 2]);
  const erasing = session.adapters.eraseAll();
  await Promise.all([session.keepNow(), erasing]);
  await session.keepNow();
  assert.deepEqual(await storage.unsaved(), []);
  viewer.paint(segmentationOf(opened, 'A').id, 1, frame(opened, 4), [5, 6, 7, 8]);
  await session.keepNow();
  assert.equal((await storage.unsaved()).length, 1);
});

test('what is in the training set as it is on screen is not unsaved', async () => {
  const storage = memoryStorage();
  const opened = await workedOn(storage);
  const { session, viewer, series, state } = opened;
  await session.frames.collectPainted();
  viewer.open(series[0], 0);
  await session.frames.collect();
  await session.keepNow();
  assert.equal(state().frames.length, 3);
  assert.deepEqual(await storage.unsaved(), []);
  await session.frames.remove(state().frames[0]?.id ?? '');
  await session.keepNow();
  assert.equal((await storage.unsaved()).length, 3);
});
