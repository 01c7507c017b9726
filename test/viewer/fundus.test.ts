/** A photograph of one frame: one half of it is looked after, the other is what the model then has to find. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Mask } from '../../src/imaging/frame.ts';
import { compareMasks } from '../../src/metrics/compare-masks.ts';
import { sameAsSaved, writeDemo } from './demo.ts';
import type { Demo } from './demo.ts';
import { configured, skipWithoutViewer, withViewer } from './harness.ts';
import type { OpenViewer } from './harness.ts';
import { Person } from './person.ts';
import { farFrom, missedBy, strokesAlong } from './strokes.ts';
import { labelmaps, labelsOf, maskIn, takeBrush } from './viewer-page.ts';

const WORD = 'Vessel';
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
      settings(demo, 0.75),
    );
  });

  test('that nothing is painted beside a part does not teach that nothing is there', async () => {
    const { width, height, instance } = sizesOf(demo);
    const truth = await demo.truth(0, 'vessel');
    const painted = where(width, height, (x, y) => x >= width / 2 && y >= height / 2);
    const other = where(width, height, (x) => x < width / 2);

    await withViewer(
      async (viewer) => {
        await viewer.open(instance.studyInstanceUid);
        const person = await lookingForVessels(viewer);
        await takeBrush(viewer.page, viewer.panel);
        await person.paint(strokesAlong(cut(truth, painted), { brushes: [4, 8], most: 2 }));
        const paint = await maskOnScreen(viewer, 0, demo);
        await person.press('Collect this frame');
        await person.press('whole');
        await viewer.screenshot('fundus-4-painted');
        const found = await fineTuned(viewer, person, demo);
        const { dice } = compareMasks(found, truth, { fieldOfView: other });
        console.log(`a part painted: Dice ${dice.toFixed(3)} in the half that nobody painted`);
        const box = boxAbout(paint);
        assert.deepEqual(cut(found, box), cut(paint, box), 'the paint was not kept');
        assert.ok(dice >= 0.5, `the unpainted half: ${dice.toFixed(3)}`);
      },
      settings(demo, 0.2),
    );
  });
});

function sizesOf({ instance }: Demo) {
  const { width, height } = instance;
  return { width, height, instance };
}

function settings({ studies }: Demo, minutes: number) {
  return {
    archive: { kind: 'folder', folder: studies },
    config: configured({ presets: [{ id: 'quick', minutes }] }),
  } as const;
}

async function lookingForVessels(viewer: OpenViewer): Promise<Person> {
  const person = new Person(viewer);
  await person.addWord(WORD);
  await person.press('Remove “Vein”');
  return person;
}

async function maskOnScreen({ page }: OpenViewer, segmentation: number, demo: Demo): Promise<Mask> {
  const { width, height } = demo.instance;
  return maskIn(await labelsOf(page, segmentation, 0), 1, width, height);
}

/** @returns what the model finds then */
async function fineTuned(viewer: OpenViewer, person: Person, demo: Demo): Promise<Mask> {
  const { page, panel } = viewer;
  await person.choose('Quick');
  await person.press('Fine-tune');
  const segmented = panel.getByText(/frames? segmented/).first();
  await segmented.waitFor({ state: 'attached', timeout: 600_000 });
  await page.waitForTimeout(1000);
  return maskOnScreen(viewer, (await labelmaps(page)).length - 1, demo);
}

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
