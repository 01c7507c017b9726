/**
 * A photograph of one frame: a part of it is painted, and the rest is what the model then has to find. That nothing is
 * painted there must not teach that nothing is there.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Mask } from '../../src/imaging/frame.ts';
import { compareMasks } from '../../src/metrics/compare-masks.ts';
import { sameAsSaved, writeDemo } from './demo.ts';
import type { Demo } from './demo.ts';
import { configured, skipWithoutViewer, withViewer } from './harness.ts';
import { Person } from './person.ts';
import { strokesAlong } from './strokes.ts';
import { labelmaps, labelsOf, maskIn, press, waitForPaint } from './viewer-page.ts';

const WORD = 'Vessel';
/** Dice that draft and result must reach: well below what was measured, since runs of a set time differ. */
const LEAST_DRAFT = 0.5;
const LEAST = 0.5;

describe('the fundus photograph of the demonstration', { skip: skipWithoutViewer }, () => {
  let demo: Demo;
  before(async () => {
    demo = await writeDemo('retina-fundus');
  });
  after(() => demo.remove());

  test('a part of it is painted and learnt, the rest is found, and what is saved is what is shown', async () => {
    const { instance } = demo;
    const { width, height } = instance;
    const truth = await demo.truth(0, 'vessel');
    const painted = where(width, height, (x, y) => x >= width / 2 && y >= height / 2);
    const other = where(width, height, (x) => x < width / 2);

    await withViewer(
      async (viewer) => {
        const { page, panel } = viewer;
        await viewer.open(instance.studyInstanceUid);
        const person = new Person(viewer);
        await person.addWord(WORD);
        await person.press('Remove “Vein”');

        await press(panel, 'Draft this frame');
        await waitForPaint(page, 0, 0, true);
        const draft = maskIn(await labelsOf(page, 0, 0), 1, width, height);
        const before = compareMasks(draft, truth, { fieldOfView: other }).dice;
        const draftDice = compareMasks(draft, truth).dice;
        console.log(
          `draft: Dice ${draftDice.toFixed(3)}, ${before.toFixed(3)} in the half that nobody will paint`,
        );
        await viewer.screenshot('fundus-1-draft');
        await page.keyboard.press('Control+z');
        await waitForPaint(page, 0, 0, false);

        const started = performance.now();
        await person.paint(strokesAlong(cut(truth, painted), { brushes: [4, 8], most: 6 }));
        console.log(`painted in ${((performance.now() - started) / 1000).toFixed(0)} s`);
        const paint = maskIn(await labelsOf(page, 0, 0), 1, width, height);
        console.log(`paint: Dice ${compareMasks(paint, truth, { fieldOfView: painted }).dice.toFixed(3)}`);
        await person.press('Accept as training frame');
        await person.press('whole');
        await viewer.screenshot('fundus-2-painted');
        await person.choose('Quick');
        await person.press('Fine-tune');
        await panel
          .getByText(/frames? segmented/)
          .first()
          .waitFor({ state: 'attached', timeout: 600_000 });
        await page.waitForTimeout(1000);
        await viewer.screenshot('fundus-3-segmented');

        const result = (await labelmaps(page)).length - 1;
        const labels = await labelsOf(page, result, 0);
        const found = maskIn(labels, 1, width, height);
        const after = compareMasks(found, truth, { fieldOfView: other }).dice;
        console.log(`fine-tuned: Dice ${after.toFixed(3)} in the half that nobody painted`);
        const box = boxAbout(paint);
        assert.deepEqual(cut(found, box), cut(paint, box), 'the paint was not kept');

        await person.save();
        console.log(JSON.stringify(person.figures));
        await sameAsSaved(await demo.added(), [WORD], [labels]);
        assert.ok(draftDice >= LEAST_DRAFT, `the draft: ${draftDice.toFixed(3)}`);
        assert.ok(after >= LEAST, `the unpainted half: ${after.toFixed(3)}`);
      },
      {
        archive: { kind: 'folder', folder: demo.studies },
        config: configured({ presets: [{ id: 'quick', minutes: 0.75 }] }),
      },
    );
  });
});

function where(width: number, height: number, inside: (x: number, y: number) => boolean): Mask {
  const data = new Uint8Array(width * height);
  for (let at = 0; at < data.length; at++) if (inside(at % width, Math.floor(at / width))) data[at] = 1;
  return { width, height, data };
}

/** What counts of a frame that was painted in part. */
function boxAbout({ width, height, data }: Mask): Mask {
  const at = [...data.keys()].filter((i) => data[i] === 1);
  const [xs, ys] = [at.map((i) => i % width), at.map((i) => Math.floor(i / width))];
  const span = (values: number[]): [from: number, to: number] =>
    values.reduce<[number, number]>(([from, to], v) => [Math.min(from, v), Math.max(to, v)], [Infinity, -1]);
  const [[left, right], [top, bottom]] = [span(xs), span(ys)];
  return where(width, height, (x, y) => x >= left && x <= right && y >= top && y <= bottom);
}

function cut({ width, height, data }: Mask, { data: inside }: Mask): Mask {
  return { width, height, data: data.map((value, at) => value & (inside[at] ?? 0)) };
}
