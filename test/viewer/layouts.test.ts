/** Masks are where their frames are, however the viewer lays its viewports out. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { skipWithoutViewer, withViewer } from './harness.ts';
import type { OpenViewer } from './harness.ts';
import { Person } from './person.ts';
import { alike, coloured, pictureIn } from './picture.ts';
import { angiography } from './studies.ts';
import type { Stroke } from './strokes.ts';
import { serveTinyModel, withTinyModel } from './tiny-model.ts';
import { labelmaps, paint, press, showFrame, takeBrush, waitForPaint } from './viewer-page.ts';

const SIDE = 128;
const RUNS = [angiography(3, SIDE, 91, 1), angiography(3, SIDE, 91, 2)] as const;

const STROKE: Stroke = {
  diameter: 9,
  path: [
    [30, 40],
    [60, 44],
    [90, 40],
  ],
};

describe('masks in other layouts', { skip: skipWithoutViewer }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
    await Promise.all(RUNS.map(({ file }, run) => writeFile(join(folder, `${run}.dcm`), file)));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function inViewer(use: (viewer: OpenViewer) => Promise<void>): Promise<void> {
    return withViewer(
      async (viewer) => {
        await serveTinyModel(viewer.page, 'tiny');
        await viewer.open(RUNS[0].studyInstanceUid);
        await use(viewer);
      },
      { archive: { kind: 'folder', folder }, config: withTinyModel('tiny') },
    );
  }

  test('what is chosen in the viewer’s own list is what is worked on: a segmentation, and a segment of it', async () => {
    await inViewer(async (viewer) => {
      const { page, panel } = viewer;
      await takeBrush(page, panel);
      await press(panel, 'This frame');
      const working = panel.getByLabel('Working on');
      await working.waitFor();
      assert.match(await chosenIn(working), /^Tiny · Vein/);
      await activate(page, 0);
      for (let tries = 0; !/^SALT · LAO 30/.test(await chosenIn(working)); tries++) {
        assert.ok(tries < 50, 'the panel did not follow');
        await page.waitForTimeout(100);
      }

      await new Person(viewer).addWord('Catheter');
      const chosen = panel.locator('.salt-chip[data-active]');
      await chosen.filter({ hasText: 'Catheter' }).waitFor();
      await page.waitForTimeout(500);
      assert.equal(await chosen.innerText(), 'Catheter', 'the panel keeps what was chosen in it');
      await activate(page, 0, 1);
      await chosen.filter({ hasText: 'Vein' }).waitFor();
    });
  });

  test('a second viewport of the same run shows what the first does, and is painted in', async () => {
    await inViewer(async (viewer) => {
      const { page } = viewer;
      await stroke(viewer, 0, 0);

      await layOut(page, 2);
      await show(page, 1, 0);
      await showFrame(page, 2);
      assert.equal(coloured(await pictureIn(page, 1)), 0);
      await stroke(viewer, 0, 2);
      await viewer.screenshot('layouts-second');
      const first = coloured(await pictureIn(page, 0));
      assert.ok(first > 500);
      // Of the three frames the first and the last are painted, by strokes of the same size.
      for (const [frame, expected] of [first, 0, first].entries()) {
        await showFrame(page, frame);
        const seen = coloured(await pictureIn(page, 1));
        assert.ok(
          Math.abs(seen - expected) <= 0.1 * first,
          `frame ${frame}: ${seen} pixels, not ${expected}`,
        );
      }
      const [segmentation, ...others] = await labelmaps(page);
      assert.equal(others.length, 0);
      assert.deepEqual(
        segmentation?.frames.map((labels) => Object.keys(labels)),
        [['1'], [], ['1']],
      );
    });
  });

  test('a run shows its masks again after another was shown in its place', async () => {
    await inViewer(async (viewer) => {
      const { page } = viewer;
      await stroke(viewer, 0, 0);
      const painted = await pictureIn(page, 0);

      await show(page, 0, 1);
      await stroke(viewer, 1, 0);
      await viewer.screenshot('layouts-other-run');

      await show(page, 0, 0);
      await viewer.screenshot('layouts-first-again');
      assert.ok(alike(await pictureIn(page, 0), painted), 'the masks are not shown');
      await paint(page, [{ ...STROKE, path: STROKE.path.map(([x, y]) => [x, y + 40]) }]);
      await page.waitForTimeout(1000);
      const counts = (await labelmaps(page)).map(({ frames }) => frames.map((labels) => labels[1] ?? 0));
      const [[first = 0] = [], [second = 0] = []] = counts;
      assert.ok(
        first > 1.5 * second,
        `${JSON.stringify(counts)}: the brush did not go on painting in the first run`,
      );
    });
  });

  test('a frame of a run that is not on screen is shown itself, not the one that was last looked at there', async () => {
    await inViewer(async ({ page, panel }) => {
      await showFrame(page, 1);
      await page.evaluate(() => {
        (window as unknown as Host).commandsManager.runCommand('salt.collectEmptyFrame', {});
      });
      const collected = panel.getByRole('button', { name: 'Show frame 2 of LAO 30' });
      await collected.waitFor();
      await showFrame(page, 2);
      await show(page, 0, 1);
      await collected.click();
      await page.waitForTimeout(2500);
      assert.deepEqual(await shown(page), ['LAO 30', 1]);
    });
  });
});

/** With the panel's brush, on the frame in the active viewport. @param segmentation its place in the viewer's order */
async function stroke({ page, panel }: OpenViewer, segmentation: number, frame: number): Promise<void> {
  await takeBrush(page, panel);
  await paint(page, [STROKE]);
  await waitForPaint(page, segmentation, frame, true);
}

interface Host {
  readonly commandsManager: { runCommand(name: string, options: object): unknown };
  readonly services: {
    readonly viewportGridService: {
      getState(): {
        readonly activeViewportId: string;
        readonly viewports: ReadonlyMap<string, { readonly displaySetInstanceUIDs: readonly string[] }>;
      };
      setDisplaySetsForViewport(what: object): void;
      setActiveViewportId(id: string): void;
    };
    readonly segmentationService: {
      getSegmentations(): { readonly segmentationId: string }[];
      setActiveSegmentation(viewportId: string, segmentationId: string): void;
      setActiveSegment(segmentationId: string, segmentIndex: number): void;
    };
    readonly displaySetService: {
      getActiveDisplaySets(): {
        readonly SeriesNumber: number | string;
        readonly displaySetInstanceUID: string;
      }[];
      getDisplaySetByUID(id: string): { readonly SeriesDescription: string };
    };
    readonly cornerstoneViewportService: {
      getCornerstoneViewport(id: string): { getCurrentImageIdIndex(): number };
    };
  };
}

const chosenIn = (select: Locator): Promise<string> =>
  select.evaluate((element) =>
    element instanceof HTMLSelectElement ? (element.selectedOptions[0]?.text ?? '') : '',
  );

/** As a click on it in the viewer's list does. */
async function activate(page: Page, segmentation: number, segment?: number): Promise<void> {
  await page.evaluate(
    ([which, index]) => {
      const { services } = window as unknown as Host;
      const { viewportGridService, segmentationService } = services;
      const { segmentationId = '' } = segmentationService.getSegmentations()[which] ?? {};
      segmentationService.setActiveSegmentation(
        viewportGridService.getState().activeViewportId,
        segmentationId,
      );
      if (index !== undefined) segmentationService.setActiveSegment(segmentationId, index);
    },
    [segmentation, segment] as const,
  );
}

/** In one row. */
async function layOut(page: Page, columns: number): Promise<void> {
  await page.evaluate((numCols) => {
    const { commandsManager } = window as unknown as Host;
    commandsManager.runCommand('setViewportGridLayout', { numRows: 1, numCols });
  }, columns);
  await page.waitForTimeout(2000);
}

/** Shows a run in a viewport, which becomes the active one. */
async function show(page: Page, viewport: number, run: number): Promise<void> {
  await page.evaluate(
    ([place, which]) => {
      const { services } = window as unknown as Host;
      const { viewportGridService, displaySetService } = services;
      const viewportId = [...viewportGridService.getState().viewports.keys()][place] ?? '';
      const sets = displaySetService.getActiveDisplaySets();
      const set = sets.find(({ SeriesNumber }) => Number(SeriesNumber) === which + 1);
      viewportGridService.setActiveViewportId(viewportId);
      viewportGridService.setDisplaySetsForViewport({
        viewportId,
        displaySetInstanceUIDs: [set?.displaySetInstanceUID ?? ''],
      });
    },
    [viewport, run] as const,
  );
  await page.waitForTimeout(2500);
}

/** Description of the run in the active viewport, and its frame, from 0. */
async function shown(page: Page): Promise<[string, number]> {
  return page.evaluate(() => {
    const { viewportGridService, displaySetService, cornerstoneViewportService } = (window as unknown as Host)
      .services;
    const { activeViewportId, viewports } = viewportGridService.getState();
    const [id = ''] = viewports.get(activeViewportId)?.displaySetInstanceUIDs ?? [];
    const viewport = cornerstoneViewportService.getCornerstoneViewport(activeViewportId);
    return [displaySetService.getDisplaySetByUID(id).SeriesDescription, viewport.getCurrentImageIdIndex()];
  });
}
