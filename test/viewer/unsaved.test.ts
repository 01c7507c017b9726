/** Masks that are in the viewer and nowhere else outlive the page, and are offered until they are saved. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { goInApp } from './go-in-app.ts';
import { DESKTOP, skipWithoutViewer, withViewer } from './harness.ts';
import type { OpenViewer } from './harness.ts';
import { untilKept } from './kept.ts';
import { Person } from './person.ts';
import { angiography } from './studies.ts';
import { serveTinyModel, withTinyModel } from './tiny-model.ts';
import {
  labelmaps,
  labelsOf,
  openSaved,
  paint,
  press,
  showFrame,
  takeBrush,
  waitForPaint,
} from './viewer-page.ts';

const FRAMES = 3;
const SIDE = 64;
const HERE = angiography(FRAMES, SIDE, 81);
const THERE = angiography(FRAMES, SIDE, 82);

describe('masks that are not saved', { skip: skipWithoutViewer }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
    await writeFile(join(folder, 'here.dcm'), HERE.file);
    await writeFile(join(folder, 'there.dcm'), THERE.file);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('come back after a crash and after another study, until they are saved', async () => {
    await withViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        await serveTinyModel(page, 'tiny');
        await viewer.open(HERE.studyInstanceUid);
        await paintFrame(viewer, 0, 20);
        await paintFrame(viewer, 2, 40);
        await untilKept(page, 2);
        const painted = await labelsOfAll(viewer);

        // What the browser keeps by now is what a crash would leave.
        await viewer.open(HERE.studyInstanceUid);
        const offer = panel.getByRole('group', { name: /was not saved/ });
        await offer.waitFor();
        assert.match(await offer.innerText(), /SALT · LAO 30” was not saved\s+2 frames, last changed/);
        assert.deepEqual(await labelmaps(page), []);
        await viewer.screenshot('unsaved-1-offered');
        await press(panel, 'Bring back');
        await offer.waitFor({ state: 'detached' });
        assert.deepEqual(await labelsOfAll(viewer), painted);
        await viewer.screenshot('unsaved-2-back');

        // Painted on, and left for another study, where it is not offered.
        await paintFrame(viewer, 1, 30);
        await untilKept(page, 3);
        const more = await labelsOfAll(viewer);
        await goInApp(viewer, 'A82');
        await page.waitForTimeout(1500);
        assert.equal(await offer.count(), 0);
        assert.deepEqual(await labelmaps(page), []);
        await goInApp(viewer, 'A81');
        await press(panel, 'Bring back');
        await offer.waitFor({ state: 'detached' });
        assert.deepEqual(await labelsOfAll(viewer), more);

        // Saved, there is nothing left to offer; nor is there when it comes from the archive.
        await new Person(viewer).save();
        await untilKept(page, 0);
        await viewer.open(HERE.studyInstanceUid);
        await openSaved(page);
        await page.waitForTimeout(1500);
        assert.deepEqual(await labelsOfAll(viewer), more);
        await untilKept(page, 0);
        assert.equal(await offer.count(), 0);

        // Once it is corrected there is, whole; and what is discarded is not offered again.
        await paintFrame(viewer, 1, 50);
        await untilKept(page, 3);
        await viewer.open(HERE.studyInstanceUid);
        await press(panel, 'Discard');
        await offer.waitFor({ state: 'detached' });
        await untilKept(page, 0);

        await inTwoTabs(viewer);
      },
      { archive: { kind: 'folder', folder }, config: withTinyModel('tiny'), window: DESKTOP },
    );
  });
});

/** A second tab on the study leaves to the first what that has not saved, and takes it over when the first is gone. */
async function inTwoTabs(viewer: OpenViewer): Promise<void> {
  const { page } = viewer;
  await paintFrame(viewer, 0, 50);
  await untilKept(page, 1);
  const second = await page.context().newPage();
  await second.goto(page.url());
  const panel = second.getByRole('region', { name: 'SALT fine-tune' });
  await panel.getByRole('button', { name: 'Brush', exact: true }).waitFor();
  await second.waitForTimeout(1500);
  const offer = panel.getByRole('group', { name: /was not saved/ });
  assert.equal(await offer.count(), 0);

  // What either of them puts into the set or on the list of words, the other shows.
  assert.equal(await panel.getByRole('button', { name: 'Lesion', exact: true }).count(), 0);
  await press(viewer.panel, 'Collect this frame');
  await panel.getByRole('list', { name: /^1 frame/ }).waitFor();
  await press(panel, 'Add a word');
  await panel.getByRole('combobox', { name: 'Add a word' }).fill('Lesion');
  await panel.getByRole('combobox', { name: 'Add a word' }).press('Enter');
  await viewer.panel.getByRole('button', { name: 'Lesion', exact: true }).waitFor();
  await viewer.screenshot('unsaved-3-of-two-tabs');

  // What is in the set is not lost.
  await untilKept(page, 0);
  await page.bringToFront();
  await paintFrame(viewer, 1, 50);
  await untilKept(page, 2);
  await page.goto('about:blank');
  await offer.waitFor();
}

/** A stroke across a frame. @param frame zero-based */
async function paintFrame({ page, panel }: OpenViewer, frame: number, y: number): Promise<void> {
  await showFrame(page, frame);
  await takeBrush(page, panel);
  const path: [x: number, y: number][] = [
    [8, y],
    [30, y + 2],
    [54, y],
  ];
  await paint(page, [{ diameter: 5, path }]);
  await waitForPaint(page, 0, frame, true);
}

async function labelsOfAll({ page }: OpenViewer): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (let frame = 0; frame < FRAMES; frame++) all.push(await labelsOf(page, 0, frame));
  return all;
}
