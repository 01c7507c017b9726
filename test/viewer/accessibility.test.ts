/** The panel in the real viewer, in each of its main states, as axe sees it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import type { AxeResults, Result } from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { writeDemo } from './demo.ts';
import type { Demo } from './demo.ts';
import { configured, skipWithoutViewer, withViewer } from './harness.ts';
import { serveTinyModel, withTinyModel } from './tiny-model.ts';
import { press, waitForPaint } from './viewer-page.ts';

declare global {
  interface Window {
    readonly axe?: { run(context: Element): Promise<AxeResults> };
  }
}

/** Stopped once it was looked at, which may take longer than the preset's own 90 seconds on a slow machine. */
const LONG_ENOUGH = configured({ presets: [{ id: 'quick', minutes: 5 }] });

describe('the panel is usable by everyone', { skip: skipWithoutViewer }, () => {
  let demo: Demo;
  before(async () => {
    // A photograph of one frame: all states are reached soon.
    demo = await writeDemo('retina-fundus');
  });
  after(() => demo.remove());

  test('axe finds nothing serious in any of its main states', async () => {
    await withViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        const found: string[] = [];
        const look = async (state: string): Promise<void> => {
          await viewer.screenshot(`accessibility-${state.replaceAll(/\W+/gu, '-')}`);
          for (const fault of await faultsIn(page)) found.push(`${state}: ${fault}`);
        };

        await viewer.open(demo.instance.studyInstanceUid);
        await look('empty');

        await press(panel, 'Add a word');
        await look('adding a word');
        await page.keyboard.press('Escape');
        await press(panel, 'Draft this frame');
        await waitForPaint(page, 0, 0, true);
        await press(panel, 'Accept as training frame');
        await panel.getByText('Advanced').first().click();
        await press(panel, 'whole');
        await look('frames collected');

        await press(panel, 'Codes …');
        await look('codes');
        await press(panel, 'Cancel');
        await press(panel, /^Adapters/);
        await press(panel, /^Erase everything/);
        await look('asked whether to erase');
        await press(panel, 'Cancel');

        await press(panel, 'Fine-tune');
        await panel
          .getByText(/Step \d+/)
          .first()
          .waitFor({ timeout: 600_000 });
        await look('training');
        await press(panel, 'Stop …');
        await look('asked whether to stop');
        await press(panel, 'Keep the best so far');
        await panel
          .getByText(/frames? segmented/)
          .first()
          .waitFor({ state: 'attached', timeout: 600_000 });
        await page.setViewportSize({ width: 1280, height: 800 });
        await look('segmented, with an adapter');

        assert.deepEqual(found, []);
      },
      { archive: { kind: 'folder', folder: demo.studies }, config: LONG_ENOUGH },
    );
  });

  test('the keyboard stays in the panel when what was pressed is gone', async () => {
    await withViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        await serveTinyModel(page, 'tiny');
        await viewer.open(demo.instance.studyInstanceUid);
        const lost: string[] = [];
        const look = async (name: string | RegExp): Promise<void> => {
          const isThere = await panel.evaluate((element) => element.contains(document.activeElement));
          if (!isThere) lost.push(String(name));
        };
        const act = async (name: string | RegExp, at = 0): Promise<void> => {
          await pressKey(page, panel, name, at);
          await look(name);
        };

        await act('Add a word');
        await page.keyboard.type('Bone');
        await page.keyboard.press('Enter');
        await page.waitForTimeout(400);
        await look('a word was added');
        await act('Remove “Bone”');
        await act('Add a word');
        await page.keyboard.press('Escape');
        await page.waitForTimeout(400);
        await look('no word was added');
        await act('Nothing here');
        await act('Remove frame 1 from the set');
        await act('Undo');
        await act('Remove frame 1 from the set');
        await pressKey(page, panel, 'Draft this frame');
        await waitForPaint(page, 0, 0, true);
        await act('Codes …');
        await act('Cancel');
        await pressKey(page, panel, /^(Accept as training|Collect this) frame$/);
        await act('Fine-tune');
        await act('Stop …');
        await act('Discard');
        assert.deepEqual(lost, []);
      },
      { archive: { kind: 'folder', folder: demo.studies }, config: withTinyModel('tiny') },
    );
  });
});

/** Presses by keyboard. */
async function pressKey(page: Page, panel: Locator, name: string | RegExp, at = 0): Promise<void> {
  await panel
    .getByRole('button', { name, exact: typeof name === 'string' })
    .nth(at)
    .press('Enter');
  await page.waitForTimeout(400);
}

/** What axe holds against our panel; the viewer around it is not ours. Lesser faults are printed. */
async function faultsIn(page: Page): Promise<string[]> {
  if (await page.evaluate(() => window.axe === undefined)) await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const root = document.querySelector('.salt-panel');
    if (!root || !window.axe) throw new Error('The panel is not there.');
    return (await window.axe.run(root)).violations;
  });
  const isSerious = ({ impact }: Result): boolean => impact === 'serious' || impact === 'critical';
  for (const lesser of violations.filter((one) => !isSerious(one))) console.log(toldOf(lesser));
  return violations.filter(isSerious).map(toldOf);
}

function toldOf({ id, impact, help, nodes }: Result): string {
  return `${impact}: ${id} (${help})\n  ${nodes.map(({ html }) => html).join('\n  ')}`;
}
