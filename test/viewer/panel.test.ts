/** The panel within the viewer's side panel: all of it is seen, and it moves nothing of the viewer's. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { OHIF_INTEGRITY } from '../../.ci/ohif.mjs';
import { skipWithoutViewer, withViewer } from './harness.ts';
import type { OpenViewer } from './harness.ts';
import { angiography } from './studies.ts';
import { serveTinyModel, withTinyModel } from './tiny-model.ts';
import { labelmaps, press, showFrame, waitForPaint } from './viewer-page.ts';

const study = angiography(3, 128, 61);
const long = angiography(150, 64, 62);
const longest = angiography(400, 32, 63);

describe('the panel in the viewer', { skip: skipWithoutViewer }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohif-salt-'));
    await writeFile(join(folder, 'xa.dcm'), study.file);
    await writeFile(join(folder, 'long.dcm'), long.file);
    await writeFile(join(folder, 'longest.dcm'), longest.file);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function inViewer(
    use: (viewer: OpenViewer) => Promise<void>,
    ohif?: string,
    { studyInstanceUid } = study,
  ): Promise<void> {
    return withViewer(
      async (viewer) => {
        await serveTinyModel(viewer.page, 'tiny');
        await viewer.open(studyInstanceUid);
        await use(viewer);
      },
      {
        archive: { kind: 'folder', folder },
        config: withTinyModel('tiny'),
        ...(ohif !== undefined && { ohif }),
      },
    );
  }

  for (const ohif of Object.keys(OHIF_INTEGRITY)) {
    test(`the way back from what was done can be seen and pressed, in OHIF ${ohif}`, async () => {
      await inViewer(async (viewer) => {
        const { panel } = viewer;
        await press(panel, 'Nothing here');
        await press(panel, 'Remove frame 1 from the set');
        const undo = panel.getByRole('button', { name: 'Undo' });
        await undo.waitFor();
        await viewer.screenshot(`panel-undo-${ohif}`);
        assert.ok(await isOnTop(undo), 'the button cannot be seen');
        await undo.click();
        await panel.locator('.salt-thumb').waitFor();
      }, ohif);
    });
  }

  test('a run that begins leaves the viewer’s own header in place', async () => {
    await inViewer(async (viewer) => {
      const { page, panel } = viewer;
      await press(panel, 'Draft this frame');
      await waitForPaint(page, 0, 0, true);
      await press(panel, /^(Accept as training|Collect this) frame$/);
      await press(panel, 'Fine-tune');
      await panel.getByRole('progressbar', { name: 'Progress of fine-tuning' }).waitFor({ timeout: 30_000 });
      await page.waitForTimeout(300);
      await viewer.screenshot('panel-run');
      assert.deepEqual(await scrolled(panel), [], 'the viewer around the panel was scrolled');
    });
  });

  test('every frame of a long run has a bar within the panel', async () => {
    await inViewer(
      async (viewer) => {
        const { panel } = viewer;
        await press(panel, 'This frame');
        const last = panel.locator('.salt-bars button').nth(149);
        await last.waitFor({ timeout: 30_000 });
        await viewer.screenshot('panel-bars');
        const [bar, around] = await Promise.all([last.boundingBox(), panel.boundingBox()]);
        assert.ok(bar && around);
        assert.ok(bar.x + bar.width <= around.x + around.width, `${bar.x} px in ${JSON.stringify(around)}`);
      },
      undefined,
      long,
    );
  });

  test('of a run with more frames than the panel has pixels, the bar of the frame on screen is shown', async () => {
    await inViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        await press(panel, 'This frame');
        const bars = panel.locator('.salt-bars');
        await bars.waitFor({ timeout: 30_000 });
        for (const frame of [399, 0]) {
          await showFrame(page, frame);
          const bar = bars.locator('button').nth(frame);
          await panel.locator(`.salt-bars button:nth-child(${frame + 1})[data-here]`).waitFor();
          const [here, strip] = await Promise.all([bar.boundingBox(), bars.boundingBox()]);
          assert.ok(here && strip && strip.width < 399, JSON.stringify(strip));
          const within = here.x >= strip.x && here.x + here.width <= strip.x + strip.width;
          assert.ok(within, `frame ${frame}: ${JSON.stringify(here)} in ${JSON.stringify(strip)}`);
        }
        await viewer.screenshot('panel-longest');
        assert.deepEqual(await scrolled(panel), [], 'the viewer around the panel was scrolled');
      },
      undefined,
      longest,
    );
  });

  test('a unit alone chooses no length, and the last kind of layer says why it stays', async () => {
    await inViewer(async (viewer) => {
      const { page, panel } = viewer;
      await panel.getByText('Advanced').first().click();
      const length = panel.getByRole('textbox', { name: 'Length' });
      const quick = panel.getByRole('radio', { name: /^Quick/ });
      await panel.getByRole('combobox', { name: 'Length' }).selectOption('epochs');
      assert.ok(await quick.isChecked(), 'a unit began a plan of its own');
      await length.fill('3');
      assert.ok(!(await quick.isChecked()));
      await length.fill('');
      assert.ok(await quick.isChecked());

      const layers = panel.getByRole('group', { name: 'Layers' });
      for (const box of await layers.getByRole('checkbox').all()) await box.click();
      assert.equal(await layers.locator('input:checked').count(), 1);
      await page
        .getByText('at least one kind of layer')
        .first()
        .waitFor({ state: 'attached', timeout: 5000 });
    });
  });

  test('masks follow the smallest piece when it has been typed, not at each key, and never a number that it is not', async () => {
    await inViewer(async (viewer) => {
      const { page, panel } = viewer;
      await press(panel, 'This frame');
      await panel.getByText('1 frame segmented.').first().waitFor({ state: 'attached', timeout: 30_000 });
      const field = panel.getByLabel(/^Smallest piece/);
      const masks = async (): Promise<string> => {
        await page.waitForTimeout(700);
        return JSON.stringify(await labelmaps(page));
      };
      const before = await masks();
      await field.fill('90');
      assert.equal(await masks(), before, 'a key that was typed rewrote the masks');
      await field.press('Enter');
      const after = await masks();
      assert.notEqual(after, before, 'the masks did not follow');
      await field.fill('1.000');
      assert.equal(await field.getAttribute('aria-invalid'), 'true');
      await field.blur();
      assert.equal(await field.inputValue(), '90');
      assert.equal(await masks(), after, '1.000 was taken for another number');
    });
  });
});

/** Whether a press in its middle reaches it. */
function isOnTop(button: Locator): Promise<boolean> {
  return button.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return document.elementFromPoint(left + width / 2, top + height / 2) === element;
  });
}

/** Classes of what is around the panel and was scrolled. */
function scrolled(panel: Locator): Promise<string[]> {
  return panel.evaluate((element) => {
    const found: string[] = [];
    for (let around = element.parentElement; around; around = around.parentElement) {
      if (around.scrollTop !== 0) found.push(`${around.className}: ${around.scrollTop} px`);
    }
    return found;
  });
}
