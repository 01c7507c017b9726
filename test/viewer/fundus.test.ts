/** A photograph of one frame: one half of it is looked after, the other is what the model then has to find. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { compareMasks } from '../../src/metrics/compare-masks.ts';
import { sameAsSaved, writeDemo } from './demo.ts';
import type { Demo } from './demo.ts';
import {
  WORD,
  cut,
  fineTuned,
  lookingForVessels,
  maskOnScreen,
  settings,
  sizesOf,
  where,
} from './fundus-page.ts';
import { DESKTOP, skipWithoutViewer, withViewer } from './harness.ts';
import { farFrom, missedBy, strokesAlong } from './strokes.ts';

/** Dice that the draft must reach as it comes, well below what was measured. */
const LEAST_DRAFT = 0.65;
/** Places of the threshold that a person would try on a draft that is too wide, in percent. */
const THRESHOLDS = [50, 55, 60, 65, 70];

describe('the fundus photograph of the demonstration', { skip: skipWithoutViewer }, () => {
  let demo: Demo;
  before(async () => {
    demo = await writeDemo('retina-fundus');
  });
  after(() => demo.remove());

  test('one half of a draft is corrected and learnt, and the other is better than it was drafted', async () => {
    const { width, height, instance } = sizesOf(demo);
    const truth = await demo.truth(0, 'vessel');
    const right = where(width, height, (x) => x >= width / 2);
    const left = where(width, height, (x) => x < width / 2);
    const half = { fieldOfView: right };
    const other = { fieldOfView: left };

    await withViewer(
      async (viewer) => {
        await viewer.open(instance.studyInstanceUid);
        const person = await lookingForVessels(viewer);
        const shown = () => maskOnScreen(viewer, 0, demo);

        await person.draft(0);
        const draft = await shown();
        const before = compareMasks(draft, truth, other).dice;
        console.log(
          `draft: Dice ${compareMasks(draft, truth).dice.toFixed(3)}, ${before.toFixed(3)} in the half that nobody corrects`,
        );
        await viewer.screenshot('fundus-1-draft');
        // The eye sees which width fits; here the truth of the half that is looked after does.
        const fit = async () => compareMasks(await shown(), truth, half).dice;
        const threshold = await person.fitThreshold(THRESHOLDS, fit);
        const fitted = await shown();
        console.log(
          `threshold ${threshold} %: ${(await fit()).toFixed(3)} in the half looked after, ${compareMasks(fitted, truth, other).dice.toFixed(3)} in the other`,
        );
        await person.press('Brush');
        await person.paint(strokesAlong(cut(missedBy(fitted, truth), right), { brushes: [3], most: 6 }));
        const wrong = cut(farFrom(fitted, truth), right);
        await person.press('Eraser');
        await person.paint(strokesAlong(wrong, { brushes: [10], most: 3 }));
        const mended = await shown();
        console.log(`corrected: ${compareMasks(mended, truth, half).dice.toFixed(3)} in that half`);
        await person.press('Accept as training frame');
        await viewer.screenshot('fundus-2-corrected');
        const found = await fineTuned(viewer, person, demo);
        await viewer.screenshot('fundus-3-segmented');
        const after = compareMasks(found, truth, other).dice;
        console.log(`fine-tuned: Dice ${after.toFixed(3)} in the half that nobody corrected`);

        await person.save();
        console.log(JSON.stringify(person.figures));
        await sameAsSaved(await demo.added(), [WORD], [found.data]);
        assert.ok(before >= LEAST_DRAFT, `the draft: ${before.toFixed(3)}`);
        assert.ok(after > before, `fine-tuning did not help: ${after.toFixed(3)} after ${before.toFixed(3)}`);
      },
      { ...settings(demo, 0.75), window: DESKTOP },
    );
  });
});
