/**
 * `npm run bench:long-run -- [frames] [side]`: for how long the page is held up by scrolling, painting and the threshold in a
 * long run that has been segmented, in headless Chromium. The model is tiny: what it draws takes no time and covers half of each frame.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { DESKTOP, withViewer } from '../test/viewer/harness.ts';
import { angiography } from '../test/viewer/studies.ts';
import { serveTinyModel, withTinyModel } from '../test/viewer/tiny-model.ts';
import { paint, press, showFrame, takeBrush } from '../test/viewer/viewer-page.ts';

/** Tasks of the page's main thread of more than 50 ms, in which no input is taken. */
interface Watching {
  heldUp: number[];
}

const [frames, side] = [Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 1024)];
const SCROLLED = 20;

const folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
try {
  const study = angiography(frames, side, 101);
  await writeFile(join(folder, 'xa.dcm'), study.file);
  await withViewer(
    async (viewer) => {
      const { page, panel } = viewer;
      await serveTinyModel(page, 'tiny');
      await viewer.open(study.studyInstanceUid);
      await watch(page);
      await tell(page, `scrolling ${SCROLLED} frames, before`, () => scroll(page));
      await press(panel, 'This series');
      const done = panel.getByText(`${frames} frames segmented.`).first();
      await done.waitFor({ state: 'attached', timeout: 900_000 });
      // Until what follows it has been done.
      await page.waitForTimeout(5000);
      await tell(page, `scrolling ${SCROLLED} frames, segmented`, () => scroll(page));
      await tell(page, 'the threshold moved by 1 %, segmented', async () => {
        await panel.getByRole('slider', { name: /Threshold/ }).press('ArrowRight');
        await page.waitForTimeout(10_000);
      });
      await takeBrush(page, panel);
      const path = Array.from({ length: 40 }, (_, i): [number, number] => [
        (side * (5 + i)) / 50,
        side / 2 + (i % 5),
      ]);
      await tell(page, 'a stroke of 40 moves, segmented', async () => {
        await paint(page, [{ diameter: 20, path }]);
        await page.waitForTimeout(3000);
      });
    },
    { archive: { kind: 'folder', folder }, config: withTinyModel('tiny'), window: DESKTOP },
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watching = window as unknown as Watching;
    watching.heldUp = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) watching.heldUp.push(duration);
    }).observe({ entryTypes: ['longtask'] });
  });
}

async function scroll(page: Page): Promise<void> {
  for (let frame = 0; frame < SCROLLED; frame++) {
    await showFrame(page, frame);
    await page.waitForTimeout(250);
  }
}

async function tell(page: Page, what: string, action: () => Promise<void>): Promise<void> {
  await page.evaluate(() => {
    (window as unknown as Watching).heldUp = [];
  });
  await action();
  const heldUp = await page.evaluate(() => (window as unknown as Watching).heldUp);
  const total = heldUp.reduce((sum, duration) => sum + duration, 0);
  const longest = Math.max(0, ...heldUp);
  console.log(
    `${what}: held up ${heldUp.length} times, ${Math.round(total)} ms in all, ${Math.round(longest)} at most`,
  );
}
