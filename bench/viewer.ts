/**
 * `npm run bench:viewer`: the panel in the stock viewer, as its user waits for it: the first visit, drafts of the
 * demonstration's coronary run and fundus, and pictures and scrolling while a run trains.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { readDemoTruth, writeDemoStudies } from '../src/server/demo/index.ts';
import type { DemoInstance } from '../src/server/demo/index.ts';
import { DESKTOP, withViewer } from '../test/viewer/harness.ts';
import { strokesAlong } from '../test/viewer/strokes.ts';
import { paint, press, showFrame, takeBrush, waitForPaint } from '../test/viewer/viewer-page.ts';

const SECONDS = 8;
const LOOK_SECONDS = 6;

const folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
try {
  const studies = join(folder, 'studies');
  await writeDemoStudies(studies, { truthFolder: join(folder, 'truth') });
  const truth = await readDemoTruth(join(folder, 'truth'));
  const find = (key: string): DemoInstance => {
    const found = truth.instances.find((instance) => instance.key === key);
    if (!found) throw new Error(`The demonstration has no ${key}.`);
    return found;
  };
  console.log(`load ${(await readFile('/proc/loadavg', 'utf8').catch(() => '?')).trim()}`);
  for (const key of ['coronary-left', 'retina-fundus']) {
    await visit(key, find(key));
    await visitLookingFirst(key, find(key));
  }
  const run = find('coronary-left');
  const veins = await truth.mask(run.sopInstanceUid, 17, 'vein');
  await beside(run, strokesAlong(veins, { brushes: [4, 9], most: 2 }));

  /** A first visit, in a browser that knows nothing. */
  async function visit(
    key: string,
    { studyInstanceUid, frames, width, height }: DemoInstance,
  ): Promise<void> {
    await withViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        const since = stopwatch();
        await page.goto(`${viewer.origin}/salt?StudyInstanceUIDs=${studyInstanceUid}`);
        await page.locator('.cornerstone-canvas').first().waitFor();
        const canvas = since();
        const draft = panel.getByRole('button', { name: 'Draft this frame' });
        await draft.waitFor();
        const shown = since();
        console.log(`${key} ${width} x ${height}: the viewer's image area ${canvas}, our panel ${shown} ms`);
        await viewer.open(studyInstanceUid);
        const cold = stopwatch();
        await draft.click();
        await waitForPaint(page, 0, 0, true);
        console.log(`${key}: draft right after opening ${cold()} ms`);
        await panel.getByText(/^Runs on/).waitFor();
        const middle = Math.floor(frames.length / 2);
        const again = async (index: number): Promise<number> => {
          if (index > 0) await showFrame(page, index);
          else {
            await page.keyboard.press('Control+z');
            await waitForPaint(page, 0, 0, false);
          }
          await page.waitForTimeout(500);
          const warm = stopwatch();
          await press(panel, 'Draft this frame');
          await waitForPaint(page, 0, index, true);
          return warm();
        };
        const what = middle > 0 ? 'draft of another frame' : 'draft of the same frame again';
        console.log(`${key}: ${what}, straight after it ${await again(middle)} ms`);
        // As long as a person takes to correct one, at the least.
        await page.waitForTimeout(5000);
        console.log(`${key}: ${what}, five seconds later ${await again(middle > 0 ? middle + 1 : 0)} ms`);
      },
      { archive: { kind: 'folder', folder: join(folder, 'studies') }, window: DESKTOP },
    );
  }

  /** A first visit of someone who looks before pressing. */
  async function visitLookingFirst(key: string, { studyInstanceUid }: DemoInstance): Promise<void> {
    await withViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        await viewer.open(studyInstanceUid);
        await page.waitForTimeout(LOOK_SECONDS * 1000);
        const since = stopwatch();
        await press(panel, 'Draft this frame');
        await waitForPaint(page, 0, 0, true);
        console.log(`${key}: first draft, pressed ${LOOK_SECONDS} s after opening ${since()} ms`);
      },
      { archive: { kind: 'folder', folder: join(folder, 'studies') }, window: DESKTOP },
    );
  }

  /** Pictures a second, and how long scrolling by one frame takes to be seen, at rest and beside a run. */
  async function beside(
    { studyInstanceUid }: DemoInstance,
    strokes: Parameters<typeof paint>[1],
  ): Promise<void> {
    await withViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        await viewer.open(studyInstanceUid);
        await showFrame(page, 16);
        await takeBrush(page, panel);
        await paint(page, strokes);
        await page.waitForTimeout(3000);
        console.log(`at rest: ${describe(await watch(page))}`);
        await press(panel, 'Fine-tune');
        await panel
          .getByText(/^Step \d+/)
          .first()
          .waitFor();
        console.log(`while it trains: ${describe(await watch(page))}`);
      },
      { archive: { kind: 'folder', folder: join(folder, 'studies') }, window: DESKTOP },
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

interface Watched {
  readonly framesPerSecond: number;
  /** Longest time between two pictures, in ms. */
  readonly longest: number;
  /** From the wheel's turn to the picture of the next frame, in ms. */
  readonly scrolls: readonly number[];
}

function describe({ framesPerSecond, longest, scrolls }: Watched): string {
  const sorted = [...scrolls].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(0);
  return (
    `${framesPerSecond.toFixed(0)} pictures a second, longest pause ${longest.toFixed(0)} ms; scrolling ` +
    `median ${at(0.5)} ms, 95 % ${at(0.95)} ms, ${sorted.length} times`
  );
}

async function watch(page: Page): Promise<Watched> {
  const box = await page.locator('.cornerstone-canvas').first().boundingBox();
  if (box) await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const watched = page.evaluate(async (seconds) => {
    const start = performance.now();
    const state = { turned: NaN, last: start, drawn: 0, longest: 0 };
    const scrolls: number[] = [];
    // In an array, because functions with a name cannot travel into the page.
    const [onWheel, onImage] = [
      () => {
        if (Number.isNaN(state.turned)) state.turned = performance.now();
      },
      () => {
        if (!Number.isNaN(state.turned)) scrolls.push(performance.now() - state.turned);
        state.turned = NaN;
      },
    ];
    window.addEventListener('wheel', onWheel, { capture: true, passive: true });
    document.addEventListener('CORNERSTONE_STACK_NEW_IMAGE', onImage, true);
    while (state.last - start < seconds * 1000) {
      const now = await new Promise<number>((resolve) =>
        requestAnimationFrame(() => resolve(performance.now())),
      );
      state.longest = Math.max(state.longest, now - state.last);
      state.last = now;
      state.drawn++;
    }
    window.removeEventListener('wheel', onWheel, true);
    document.removeEventListener('CORNERSTONE_STACK_NEW_IMAGE', onImage, true);
    return {
      framesPerSecond: state.drawn / ((state.last - start) / 1000),
      longest: state.longest,
      scrolls,
    };
  }, SECONDS);
  for (let i = 0; i < SECONDS * 2; i++) {
    await page.mouse.wheel(0, i % 8 < 4 ? 100 : -100);
    await page.waitForTimeout(400);
  }
  return watched;
}

function stopwatch(): () => number {
  const start = performance.now();
  return () => Math.round(performance.now() - start);
}
