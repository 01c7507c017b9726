import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import type { UnsavedFrame } from '../../extension/src/store/unsaved-frame.ts';
import { openVisit } from '../../extension/src/store/visits.ts';
import type { Locks } from '../../extension/src/store/visits.ts';
import { createUnsavedRecords, segmentationOf } from '../../extension/src/workflow/masks/unsaved-records.ts';

/** One holder for each name, the others in the order in which they came. */
function fakeLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>();
  const held = new Set<string>();
  return {
    request(name, task) {
      const turn = (tails.get(name) ?? Promise.resolve()).then(async () => {
        held.add(name);
        await task();
        held.delete(name);
      });
      tails.set(name, turn);
      return turn;
    },
    query: () => Promise.resolve({ held: [...held].map((name) => ({ name })) }),
  };
}

function kept(visit: string, frameNumber: number): UnsavedFrame {
  const segmentation = segmentationOf(visit, '1');
  return {
    id: `${segmentation} ${frameNumber}`,
    segmentation,
    label: 'SALT',
    ref: { studyInstanceUid: '1.2', seriesInstanceUid: '1.2.1', sopInstanceUid: '1.2.1.1', frameNumber },
    masks: [],
    keptAt: '2026-11-30T12:00:00.000Z',
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test('what another page has not saved is left to it until it is gone, and is then as it last was', async () => {
  const locks = fakeLocks();
  const storage = memoryStorage();
  const first = openVisit(locks);
  await settled();
  await storage.changeUnsaved([kept('earlier', 1), kept(first.own, 1)], []);

  const second = openVisit(locks);
  const records = createUnsavedRecords(storage, second);
  let told = 0;
  await records.load(() => told++);
  assert.deepEqual(
    records.all().map(({ segmentation }) => segmentation),
    [segmentationOf('earlier', '1')],
  );

  await storage.changeUnsaved([kept(first.own, 2)], []);
  await settled();
  assert.deepEqual([told, records.all().length], [0, 1]);
  first.end();
  await settled();
  assert.equal(told, 1);
  assert.deepEqual(
    records.of(segmentationOf(first.own, '1')).map(({ ref }) => ref.frameNumber),
    [1, 2],
  );
});

test('without locks everything that is kept is offered', async () => {
  const storage = memoryStorage();
  await storage.changeUnsaved([kept('a', 1), kept('b', 1)], []);
  const records = createUnsavedRecords(storage, openVisit(undefined));
  await records.load(() => assert.fail('there is no other page'));
  assert.equal(records.all().length, 2);
});
