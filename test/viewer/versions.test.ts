/** The whole loop, briefly, in every version of the viewer that the plug-in is for: each frame keeps its own masks to the end. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { OHIF_INTEGRITY } from '../../.ci/ohif.mjs';
import { complaints } from './dciodvfy.ts';
import { sameAsSaved } from './demo.ts';
import { configured, paintedPixels, skipWithoutViewer, withViewer } from './harness.ts';
import { untilKept } from './kept.ts';
import { Person } from './person.ts';
import { alike, pictureOf } from './picture.ts';
import { angiography } from './studies.ts';
import {
  labelmaps,
  labelsOf,
  openSaved,
  showFrame,
  takeBrush,
  waitForPaint,
  waitForSegmentation,
} from './viewer-page.ts';

const FRAMES = 3;
const SIZE = 256;
const study = angiography(FRAMES, SIZE, 51);
/** Zero-based; the model drafts one, the brush paints the other. */
const [DRAFTED, PAINTED] = [1, 2];

const CONFIG = configured({ presets: [{ id: 'quick', minutes: 0.1 }] });

describe('the whole loop', { skip: skipWithoutViewer }, () => {
  for (const ohif of Object.keys(OHIF_INTEGRITY)) {
    test(`in OHIF ${ohif}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
      try {
        await writeFile(join(folder, 'xa.dcm'), study.file);
        await loop(folder, ohif);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});

async function loop(folder: string, ohif: string): Promise<void> {
  await withViewer(
    async (viewer) => {
      const { page, panel } = viewer;
      await viewer.open(study.studyInstanceUid);
      const person = new Person(viewer);
      const bare = await pictureOf(page, PAINTED);

      await showFrame(page, DRAFTED);
      await person.draft(DRAFTED);
      const [[before = 0, drafted = 0, after = 0] = []] = await paintedPixels(page);
      assert.ok(drafted > 500 && drafted < 6000, `${drafted} pixels were drafted`);
      assert.deepEqual([before, after], [0, 0]);
      assert.ok(await panel.isVisible(), 'the panel was put away');
      const draftShown = await pictureOf(page, DRAFTED);
      await viewer.screenshot(`versions-${ohif}-1-draft`);
      assert.ok(alike(await pictureOf(page, PAINTED), bare), 'a frame shows the mask of another');

      await takeBrush(page, panel);
      await person.paint([{ diameter: 9, path: along(PAINTED) }]);
      await waitForPaint(page, 0, PAINTED, true);
      const [[first = 0, second = 0, third = 0] = []] = await paintedPixels(page);
      assert.deepEqual([first, second], [0, drafted], 'the brush painted on another frame');
      assert.ok(third > 500 && third < 6000, `${third} pixels were painted`);
      await viewer.screenshot(`versions-${ohif}-2-painted`);
      assert.ok(alike(await pictureOf(page, DRAFTED), draftShown), 'a frame shows the mask of another');

      await page.keyboard.press('Control+z');
      await waitForPaint(page, 0, PAINTED, false);
      await page.keyboard.press('Control+y');
      await waitForPaint(page, 0, PAINTED, true);
      assert.deepEqual(await paintedPixels(page), [[first, second, third]]);
      await untilKept(page, 2);

      await person.press('Fine-tune');
      await waitForSegmentation(panel);
      assert.deepEqual(await measured(page), [], 'the viewer measures volumes');
      const result = (await labelmaps(page)).length - 1;
      assert.equal(result, 1, 'the series was not segmented');
      const shown = await labelsOfAll(page, result);
      assert.ok(
        shown.every((labels) => labels.some((label) => label > 0)),
        'a frame was not segmented',
      );
      await person.save();
      await viewer.screenshot(`versions-${ohif}-3-saved`);
      const saved = await added(folder);
      for (const file of saved) assert.deepEqual(await complaints(file), []);
      await sameAsSaved(saved, ['Vein'], shown);
      // All is in the archive or in the set.
      await untilKept(page, 0);

      await viewer.open(study.studyInstanceUid);
      await openSaved(page);
      await page.waitForTimeout(1000);
      assert.deepEqual(await labelsOfAll(page, 0), shown, 'opened again, it is another');
      await untilKept(page, 0);
      await viewer.screenshot(`versions-${ohif}-4-opened-again`);
    },
    { archive: { kind: 'folder', folder }, config: CONFIG, ohif },
  );
}

/** Along the vessel, which lies two pixels lower in each frame. */
function along(frame: number): [x: number, y: number][] {
  return Array.from({ length: 20 }, (_, i) => {
    const x = 10 + i * 12;
    return [x, SIZE / 2 + frame * 2 + (SIZE / 8) * Math.sin(x / 12)];
  });
}

async function labelsOfAll(page: Page, segmentation: number): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (let frame = 0; frame < FRAMES; frame++) all.push(await labelsOf(page, segmentation, frame));
  return all;
}

/** Names of the figures that the viewer has computed of segments. */
function measured(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    interface Services {
      readonly segmentationService: {
        getSegmentations(): {
          readonly segments: Readonly<
            Record<string, { readonly cachedStats?: { readonly namedStats?: object } }>
          >;
        }[];
      };
    }
    const { services } = window as unknown as { readonly services: Services };
    return services.segmentationService
      .getSegmentations()
      .flatMap(({ segments }) => Object.values(segments))
      .flatMap(({ cachedStats }) => Object.keys(cachedStats?.namedStats ?? {}));
  });
}

/** What the archive has beside the study. */
async function added(folder: string): Promise<readonly Uint8Array[]> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => name.endsWith('.dcm') && name !== 'xa.dcm');
  return Promise.all(files.map((name) => readFile(join(folder, name))));
}
