import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { remoteArchive } from '../../src/server/proxy.ts';
import type { ArchiveOptions } from '../../src/server/start.ts';
import { packPlugin } from '../browser/plugin.ts';
import { configured, skipWithoutViewer, withViewer } from './harness.ts';
import { skipWithoutOrthanc, startOrthanc } from '../server/orthanc.ts';
import { angiography } from './studies.ts';
import { serveTinyModel, withTinyModel } from './tiny-model.ts';
import { press, waitForPaint } from './viewer-page.ts';

/** Our panel in a stock mode, by what a site writes into the viewer's configuration and nothing else. */
const IN_STOCK_MODE = `
window.config.modes = [];
window.config.modesConfiguration = { '@ohif/mode-segmentation': { routes: { 0: { layoutInstance: { props: {
  rightPanels: { $unshift: ['@ohif-salt/extension.panelModule.finetune'] },
} } } } } };`;

const IN_READING_MODE = `
window.config.modesConfiguration = { '@ohif/mode-longitudinal': { routes: { 0: { layoutInstance: { props: {
  rightPanels: { $unshift: ['@ohif-salt/extension.panelModule.finetune'] },
  rightPanelClosed: { $set: false },
} } } } } };`;

/**
 * What the packages' own description has a site write. With one thread: where a test answers requests, that of a
 * thread's own worker is never answered.
 */
const AS_PACKED = `
window.config.extensions = [import('/site/salt/extension.js').then((module) => [module.default, { threads: 1 }])];
window.config.modes = ['/site/salt/mode.js'];`;

const study = angiography(3, 256);

describe('the plug-in in the stock viewer', { skip: skipWithoutViewer }, () => {
  let folder: string;
  let archive: ArchiveOptions;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
    const studies = join(folder, 'studies');
    await mkdir(studies);
    await writeFile(join(studies, 'xa.dcm'), study.file);
    archive = { kind: 'folder', folder: studies };
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('the panel joins a stock mode by configuration alone', async () => {
    await withViewer(
      async (viewer) => {
        await viewer.open(study.studyInstanceUid, 'segmentation');
        assert.ok(await viewer.panel.getByRole('button', { name: 'Draft this frame' }).isVisible());
        await viewer.screenshot('stock-mode');
      },
      { archive, config: IN_STOCK_MODE },
    );
  });

  test('in a mode for reading alone it drafts and segments, and says that there is no brush', async () => {
    await withViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        await serveTinyModel(page, 'tiny');
        await viewer.open(study.studyInstanceUid, 'viewer');
        await press(panel, 'Draft this frame');
        await waitForPaint(page, 0, 0, true);
        await press(panel, 'This series');
        await panel.getByText('3 frames segmented.').first().waitFor({ state: 'attached' });
        const brush = panel.getByRole('button', { name: 'Brush', exact: true });
        assert.match((await brush.getAttribute('title')) ?? '', /This mode of the viewer has no brush/);
        await viewer.screenshot('reading-mode');
        assert.equal(await panel.getByRole('alert').count(), 0);
      },
      { archive, config: `${withTinyModel('tiny')}${IN_READING_MODE}` },
    );
  });

  test('as packed it lies where a site puts it, and needs nothing of its own server', async () => {
    const { extension, mode } = await packPlugin(folder);
    const files = join(folder, 'salt');
    for (const unpacked of [extension, mode]) await cp(join(unpacked, 'dist'), files, { recursive: true });
    await withViewer(
      async (viewer) => {
        const { page, panel, requests, origin } = viewer;
        await page.context().route(`${origin}/site/salt/**`, async (route) => {
          const path = join(files, new URL(route.request().url()).pathname.slice('/site/salt/'.length));
          await route.fulfill({ path, headers: { 'cross-origin-embedder-policy': 'require-corp' } });
        });
        await viewer.open(study.studyInstanceUid);
        await press(panel, 'Draft this frame');
        await waitForPaint(page, 0, 0, true);
        await viewer.screenshot('packed');
        assert.ok(requests.some((url) => url.endsWith('/site/salt/models/salt-tiny/salt-tiny.safetensors')));
        const own = requests.filter((url) => new URL(url).pathname.startsWith('/plugins/'));
        assert.deepEqual(own, []);
      },
      { archive, config: AS_PACKED },
    );
  });

  test('a configuration that cannot be used is explained in the panel', async () => {
    await withViewer(
      async (viewer) => {
        const told = viewer.page.getByRole('alert').filter({ hasText: 'device' });
        await viewer.open(study.studyInstanceUid, 'salt', told);
        assert.match(await told.innerText(), /The configuration of the SALT extension cannot be used/);
      },
      { archive, config: configured({ device: 'abacus' }) },
    );
  });

  test(
    'shows a study of an Orthanc archive, and finds its bulk data',
    { skip: skipWithoutOrthanc },
    async () => {
      const orthanc = await startOrthanc([study.file]);
      try {
        await withViewer(
          async (viewer) => {
            const { page, origin } = viewer;
            await viewer.open(study.studyInstanceUid);
            const { uri, bytes } = await page.evaluate(bulkPixels);
            // Orthanc has it below a path that is not ours.
            assert.ok(uri.startsWith(`${origin}/dicom-web/studies/${study.studyInstanceUid}/`), uri);
            assert.equal(bytes, 3 * 256 * 256);
          },
          { archive: { kind: 'remote', ...remoteArchive(orthanc.dicomWeb) } },
        );
      } finally {
        await orthanc.close();
      }
    },
  );
});

/** Of the first image, as the viewer itself fetches what an archive keeps apart. */
async function bulkPixels(): Promise<{ uri: string; bytes: number }> {
  const { services } = window as unknown as {
    readonly services: {
      readonly displaySetService: {
        getActiveDisplaySets(): readonly {
          readonly instance: {
            readonly PixelData: { readonly BulkDataURI: string; retrieveBulkData(): Promise<ArrayBuffer> };
          };
        }[];
      };
    };
  };
  const pixels = services.displaySetService.getActiveDisplaySets()[0]?.instance.PixelData;
  if (pixels === undefined) throw new Error('there is no image');
  return { uri: pixels.BulkDataURI, bytes: (await pixels.retrieveBulkData()).byteLength };
}
