/**
 * The panel on WebGPU, with Chromium's software adapter: draft, paint, fine-tune, keep. What comes out, and what happens
 * when the device is lost, is tested without the viewer, in test/browser/webgpu.test.ts.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { bundlePages } from '../browser/harness.ts';
import { GPU_CHANNEL } from '../browser/gpu-watch.ts';
import type { FromWatch, WorkerRole } from '../browser/gpu-watch.ts';
import { skipWithoutViewer, withViewer } from './harness.ts';
import { angiography } from './studies.ts';
import { serveTinyModel, withTinyModel } from './tiny-model.ts';
import { paint, press, takeBrush } from './viewer-page.ts';

/** A software adapter compiles for long before it computes. */
const PATIENCE_MS = 5 * 60_000;

const STUDY = angiography(1, 64, 81);

const CONFIG = withTinyModel('smallest', {
  device: 'webgpu',
  workerUrl: '/salt-test/worker.js',
  // The adapter would be compiled for another half a minute.
  segmentAfterTraining: false,
});

describe('the panel on WebGPU', { skip: skipWithoutViewer }, () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
    await writeFile(join(folder, 'study.dcm'), STUDY.file);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('drafts, trains and keeps the adapter, all of it on the graphics device', async () => {
    await withViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        await serveTinyModel(page, 'smallest');
        await serveWatchedWorker(page);
        await viewer.open(STUDY.studyInstanceUid);
        await watch(page);
        await panel.getByText(/Runs on WebGPU/).waitFor({ timeout: PATIENCE_MS });

        // An untrained model may find nothing, which is told in as many words.
        await press(panel, 'Draft this frame');
        await panel
          .getByText(/^(Drafted by|Nothing was found)/)
          .first()
          .waitFor({ state: 'attached', timeout: PATIENCE_MS });
        assert.ok((await submitted(page)).serve > 50, 'the draft was not made on the graphics device');

        await takeBrush(page, panel);
        await paint(page, [
          {
            diameter: 5,
            path: [
              [8, 34],
              [30, 36],
              [54, 34],
            ],
          },
        ]);
        await press(panel, 'Fine-tune');
        await panel
          .getByText(/^Step \d+/)
          .first()
          .waitFor({ timeout: PATIENCE_MS });
        assert.ok((await submitted(page)).train > 50, 'the training did not run on the graphics device');
        await viewer.screenshot('webgpu');
        await press(panel, 'Stop …');
        await press(panel, 'Keep the best so far');
        await panel
          .getByText(/“Vein · 1 frame” is ready/)
          .first()
          .waitFor({ timeout: PATIENCE_MS });
        await panel.getByText('1 adapter', { exact: true }).waitFor();
        assert.equal(await panel.getByRole('alert').count(), 0);
      },
      { archive: { kind: 'folder', folder }, config: CONFIG },
    );
  });
});

/** The plug-in's own worker, watched from before it starts. */
async function serveWatchedWorker(page: Page): Promise<void> {
  bundlePages();
  const compiled = (name: string) =>
    readFile(fileURLToPath(new URL(`../../out/pages/test/browser/${name}`, import.meta.url)), 'utf8');
  const scripts: Record<string, string> = {
    'worker.js': `import './gpu-watch-now.js';\nimport '/plugins/salt/worker.js';\n`,
    'gpu-watch-now.js': await compiled('gpu-watch-now.js'),
    'gpu-watch.js': await compiled('gpu-watch.js'),
  };
  for (const [name, body] of Object.entries(scripts)) {
    await page.context().route(`**/salt-test/${name}`, (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        headers: {
          'Cross-Origin-Embedder-Policy': 'require-corp',
          'Cross-Origin-Resource-Policy': 'same-origin',
        },
        body,
      }),
    );
  }
}

interface Watching {
  saltTestSubmitted?: Record<WorkerRole, number>;
}

/** Counts in the page what the workers say that they have sent to the device. */
async function watch(page: Page): Promise<void> {
  await page.evaluate((name) => {
    const counts: Record<WorkerRole, number> = { serve: 0, train: 0 };
    (window as Watching).saltTestSubmitted = counts;
    new BroadcastChannel(name).addEventListener('message', ({ data }: MessageEvent<FromWatch>) => {
      counts[data.role] = data.submitted;
    });
  }, GPU_CHANNEL);
}

async function submitted(page: Page): Promise<Record<WorkerRole, number>> {
  const counts = await page.evaluate(() => (window as Watching).saltTestSubmitted);
  return counts ?? { serve: 0, train: 0 };
}
