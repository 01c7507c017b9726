import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStorage } from '../../extension/src/store/memory-storage.ts';
import { countPixels } from '../../extension/src/workflow/masks/masks.ts';
import { withResolvers } from './fake-backend.ts';
import { makeSeries } from './fake-viewer.ts';
import { openSession, segmentationOf } from './open-session.ts';
import type { Opened } from './open-session.ts';

/** Collects the frame on screen as it is drafted, and a little more. */
async function collect(opened: Opened, more: readonly number[] = []): Promise<void> {
  const { session, viewer, series } = opened;
  if (more.length === 0) await session.frames.draft();
  else viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[0]!, more);
  await session.frames.collect();
}

async function exported({ session }: Opened): Promise<Blob> {
  const zip = await session.frames.exportZip();
  assert.ok(zip);
  return zip;
}

test('an import can be taken back: what it replaced is there again, what it added is gone, in storage too', async () => {
  const storage = memoryStorage();
  const opened = await openSession({ storage });
  const { session, viewer, series, state } = opened;
  await collect(opened);
  viewer.open(series[0], 1);
  await collect(opened);
  const zip = await exported(opened);
  await session.frames.remove(state().frames[1]!.id);
  viewer.open(series[0], 0);
  await collect(opened, [0, 1, 2]);
  const newer = state().frames[0];

  await session.frames.importZip(zip);
  assert.equal(state().frames.length, 2);
  assert.match(state().undo?.text ?? '', /2 frames imported/);
  await session.undo();
  assert.deepEqual(state().frames, [newer]);
  assert.deepEqual(await storage.frames(), [newer]);

  // What was collected after the import stays.
  await session.frames.importZip(zip);
  viewer.open(series[0], 1);
  viewer.paint(segmentationOf(opened, 'A').id, 1, series[0].frames[1]!, [0]);
  await session.frames.collect();
  const after = countPixels(state().frames[1]?.masks[0]?.mask);
  await session.undo();
  assert.deepEqual(state().frames[0], newer);
  assert.equal(countPixels(state().frames[1]?.masks[0]?.mask), after);
});

test('an import is taken back whole, whatever role or part was chosen for its frames since', async () => {
  const first = await openSession();
  await collect(first);
  const { session, state, storage } = await openSession();
  await session.frames.importZip(await exported(first));
  const [frame] = state().frames;
  assert.ok(frame);
  await session.frames.setRole(frame.id, 'heldOut');
  await session.frames.setPaintedPartOnly(frame.id, true);
  await session.undo();
  assert.deepEqual([state().frames, await storage.frames()], [[], []]);
});

test('words that only an import brought go with it, but for one that was chosen since', async () => {
  const first = await openSession();
  await first.session.words.add('Catheter');
  await first.session.words.add('Stent');
  await collect(first);
  const { session, state } = await openSession();
  await session.frames.importZip(await exported(first));
  await session.words.add('Aneurysm');
  await session.words.choose('Stent');
  await session.undo();
  assert.deepEqual(state().settings.words, ['Vein', 'Stent', 'Aneurysm']);
});

test('what is collected while an import is read is there again when it is taken back', async () => {
  const first = await openSession();
  await collect(first);
  const zip = await exported(first);
  const opened = await openSession();
  const { session, state } = opened;
  const { promise, resolve } = withResolvers<undefined>();
  const arrayBuffer = zip.arrayBuffer.bind(zip);
  zip.arrayBuffer = () => promise.then(arrayBuffer);
  const importing = session.frames.importZip(zip);
  await session.frames.draft();
  await collect(opened, [0, 1, 2]);
  const mine = state().frames;
  resolve(undefined);
  await importing;
  assert.notDeepEqual(state().frames, mine);
  await session.undo();
  assert.deepEqual(state().frames, mine);
});

test('words of an import are looked for from then on, each once whatever its case', async () => {
  const first = await openSession({ config: { words: ['vein'] } });
  await first.session.words.add('Catheter');
  await collect(first);
  const storage = memoryStorage();
  const second = await openSession({ storage });
  await second.session.frames.importZip(await exported(first));
  assert.deepEqual(second.state().settings.words, ['Vein', 'Catheter']);
  const reloaded = await openSession({ storage });
  assert.deepEqual(reloaded.state().settings.words, ['Vein', 'Catheter']);
});

test('patients of two imports are not taken for one, and those of the set are known again', async () => {
  const first = await openSession();
  await collect(first);
  const zip = await exported(first);
  const site = (name: string) => makeSeries(name, 2, { patientId: `P${name}` });
  const other = await openSession({ series: [site('C'), site('D')] });
  await collectFirst(other, 0);
  await collectFirst(other, 1);

  const { session, viewer, series, state } = await openSession({ series: [site('D'), site('A')] });
  await session.frames.importZip(zip);
  await session.frames.importZip(await exported(other));
  // A patient's frames share a group, whether they were imported or are collected here.
  for (const [index, one] of series.entries()) {
    viewer.open(one, 1);
    await session.frames.draft();
    await session.frames.collect();
    await session.frames.importZip(index === 0 ? zip : await exported(other));
  }
  const groups = new Map<string, Set<string>>();
  for (const { ref, group } of state().frames) {
    groups.set(ref.studyInstanceUid, (groups.get(ref.studyInstanceUid) ?? new Set()).add(group));
  }
  assert.deepEqual([...groups.keys()].sort(), ['1.2.A', '1.2.C', '1.2.D']);
  assert.deepEqual(
    [...groups.values()].map(({ size }) => size),
    [1, 1, 1],
  );
  assert.equal(new Set([...groups.values()].flatMap((names) => [...names])).size, 3);
});

test('an import joins the patient of whom the set has a study', async () => {
  const opened = await openSession();
  await collect(opened);
  const zip = await exported(opened);
  await opened.session.frames.importZip(zip);
  assert.deepEqual(
    opened.state().frames.map(({ group }) => group),
    ['P1'],
  );
});

async function collectFirst({ session, viewer, series }: Opened, index: 0 | 1): Promise<void> {
  viewer.open(series[index], 0);
  await session.frames.draft();
  await session.frames.collect();
}
