/** What the panel says, and what it keeps, when the browser gives no more space and when people walk off in mid-run. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { goInApp } from './go-in-app.ts';
import { DESKTOP, skipWithoutViewer, withViewer } from './harness.ts';
import type { OpenViewer } from './harness.ts';
import type { Stroke } from './strokes.ts';
import { angiography } from './studies.ts';
import { serveTinyModel, withTinyModel } from './tiny-model.ts';
import { labelmaps, paint, press, showFrame, takeBrush } from './viewer-page.ts';

const FRAMES = 3;
const SIDE = 64;
const HERE = angiography(FRAMES, SIDE, 71);
const THERE = angiography(FRAMES, SIDE, 72);

/** Across the frame, where the vessel is. */
const STROKES: readonly Stroke[] = [
  {
    diameter: 5,
    path: [
      [8, 34],
      [30, 36],
      [54, 34],
    ],
  },
];

describe('the panel in adversity', { skip: skipWithoutViewer }, () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
    await writeFile(join(folder, 'here.dcm'), HERE.file);
    await writeFile(join(folder, 'there.dcm'), THERE.file);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function inViewer(use: (viewer: OpenViewer) => Promise<void>): Promise<void> {
    return withViewer(
      async (viewer) => {
        await serveTinyModel(viewer.page, 'tiny');
        await use(viewer);
      },
      { archive: { kind: 'folder', folder }, config: withTinyModel('tiny'), window: DESKTOP },
    );
  }

  test('a full disk is told before anything is lost, and what was done goes on when there is space', async () => {
    await inViewer(async (viewer) => {
      const { page, panel } = viewer;
      await viewer.open(HERE.studyInstanceUid);
      await paintFrame(viewer, 0);
      await press(panel, 'Collect this frame');
      await inSet(viewer, 1);
      await press(panel, 'Fine-tune');
      await stepsDone(viewer, 1);

      // The disk fills up while it trains: the result cannot be kept, but the run can be gone on with.
      const space = await spaceOf(viewer);
      await space.end();
      await keepTheBest(viewer);
      await told(viewer, 'Fine-tuning stopped', /^The browser gives no more space.*: remove adapters/);
      const unfinished = panel.getByRole('group', { name: /was not finished/ });
      await unfinished.waitFor();
      assert.equal(await unfinished.count(), 1);

      // A run that could not be kept does not begin, and leaves nothing behind.
      await press(panel, 'Fine-tune');
      await told(viewer, 'Fine-tuning stopped', /^The browser gives no more space/);
      assert.equal(await unfinished.count(), 1);

      // The set takes no more: what is painted stays, and so does what lies in it.
      await paintFrame(viewer, 1);
      const painted = await paintedOn(page, 1);
      await press(panel, 'Collect this frame');
      await told(viewer, 'The frame was not collected', /its storage is full.*export the set/);
      await inSet(viewer, 1);
      // Without what was painted for it, no run begins.
      await press(panel, 'Fine-tune');
      await told(viewer, 'Fine-tuning stopped', /^What you painted could not be collected/);
      await viewer.screenshot('full');
      assert.equal(await unfinished.count(), 1);
      assert.ok(painted > 0);
      assert.equal(await paintedOn(page, 1), painted, 'the paint has changed');

      // With space, all goes on from where it was, and is still there on the next visit.
      await space.free();
      await press(panel, 'Collect this frame');
      await inSet(viewer, 2);
      await press(panel, 'Continue');
      await stepsDone(viewer, 1);
      await keepTheBest(viewer);
      await isReady(viewer);
      await viewer.open(HERE.studyInstanceUid);
      await inSet(viewer, 2);
      await panel.getByText('1 adapter', { exact: true }).waitFor();
      assert.equal(await unfinished.count(), 0);
    });
  });

  test('a study that is left in mid-run gets its result after the return, and no other study does', async () => {
    await inViewer(async (viewer) => {
      const { page, panel } = viewer;
      await viewer.open(HERE.studyInstanceUid);
      await paintFrame(viewer, 0);
      await paintFrame(viewer, 2);
      await press(panel, 'Fine-tune');
      await stepsDone(viewer, 1);

      const painted = [await paintedOn(page, 0), await paintedOn(page, 2)];
      const before = await stepNow(viewer);
      await goInApp(viewer, 'A72');
      await stepsDone(viewer, before + 1);
      await inSet(viewer, 2);
      await viewer.screenshot('elsewhere');
      await keepTheBest(viewer);
      await isReady(viewer);
      // Time for what must not happen.
      await page.waitForTimeout(1000);
      assert.deepEqual(await labelmaps(page), [], 'something was painted into the other study');
      assert.equal(await panel.getByRole('alert').count(), 0);

      await goInApp(viewer, 'A71');
      await inSet(viewer, 2);
      await press(panel, 'This series');
      await panel.getByText(`${FRAMES} frames segmented.`).first().waitFor({ state: 'attached' });
      const [result, ...others] = await labelmaps(page);
      assert.ok(result && others.length === 0);
      assert.match(result.label, /^Vein · 2 frames/);
      assert.equal(result.frames.length, FRAMES);
      // What was painted here by hand is there to the pixel.
      assert.deepEqual([result.frames[0]?.[1], result.frames[2]?.[1]], painted);
    });
  });
});

/** @param frame zero-based */
async function paintFrame({ page, panel }: OpenViewer, frame: number): Promise<void> {
  await showFrame(page, frame);
  await takeBrush(page, panel);
  await paint(page, STROKES);
  await panel.getByText(new RegExp(`^Frame ${frame + 1}: Vein`)).waitFor();
}

/** @param frame zero-based @returns painted pixels of the first segmentation */
async function paintedOn(page: OpenViewer['page'], frame: number): Promise<number> {
  const [first] = await labelmaps(page);
  return Object.values(first?.frames[frame] ?? {}).reduce((sum, count) => sum + count, 0);
}

async function inSet({ panel }: OpenViewer, count: number): Promise<void> {
  const text = count === 1 ? '1 frame' : `${count} frames`;
  await panel.getByText(text, { exact: true }).first().waitFor();
  assert.equal(await panel.getByRole('button', { name: /^Show frame/ }).count(), count);
}

/** Waits for a problem in the panel, and puts it away, so that the same can be told anew. */
async function told({ panel }: OpenViewer, title: string, message: RegExp): Promise<void> {
  const problem = panel.getByRole('alert').filter({ hasText: title });
  await problem.waitFor();
  assert.match(await problem.locator('p').innerText(), message);
  await problem.getByRole('button', { name: 'Dismiss' }).click();
  await problem.waitFor({ state: 'detached' });
}

async function stepNow({ panel }: OpenViewer): Promise<number> {
  const text = await panel
    .getByText(/^Step [\d,]+/)
    .first()
    .innerText();
  return Number(/^Step ([\d,]+)/.exec(text)?.[1]?.replaceAll(',', ''));
}

async function stepsDone(viewer: OpenViewer, least: number): Promise<void> {
  while ((await stepNow(viewer)) < least) await viewer.page.waitForTimeout(200);
}

async function keepTheBest({ panel }: OpenViewer): Promise<void> {
  await press(panel, 'Stop …');
  await press(panel, 'Keep the best so far');
}

async function isReady({ panel }: OpenViewer): Promise<void> {
  await panel
    .getByText(/is ready/)
    .first()
    .waitFor();
}

/** The space that the browser gives to the viewer's pages. */
async function spaceOf({ page, origin }: OpenViewer): Promise<{
  /** Returns when nothing more can be written: Chromium goes by what it last found for half a minute. */
  end(): Promise<void>;
  free(): Promise<void>;
}> {
  const session = await page.context().newCDPSession(page);
  return {
    async end() {
      await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
      for (let tries = 0; await canWrite(page); tries++) {
        if (tries > 120) throw new Error('There is still space after two minutes.');
        await page.waitForTimeout(1000);
      }
    },
    async free() {
      await session.send('Storage.overrideQuotaForOrigin', { origin });
      assert.ok(await canWrite(page), 'there is no space again');
    },
  };
}

/** Whether a database of the page's takes a record. */
function canWrite(page: OpenViewer['page']): Promise<boolean> {
  return page.evaluate(
    () =>
      new Promise<boolean>((resolve, reject) => {
        const request = indexedDB.open('salt-test', 1);
        request.onupgradeneeded = () => request.result.createObjectStore('any');
        request.onerror = () => reject(request.error ?? new Error('no database'));
        request.onsuccess = () => {
          const transaction = request.result.transaction('any', 'readwrite');
          transaction.oncomplete = () => resolve(true);
          transaction.onabort = () => resolve(false);
          transaction.objectStore('any').put(new Uint8Array(1000), 1);
          request.result.close();
        };
      }),
  );
}
