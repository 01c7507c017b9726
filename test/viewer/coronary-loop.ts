/** The main job on the demonstration's coronary run, for the tests of it on different archives. */
import assert from 'node:assert/strict';
import type { Mask } from '../../src/imaging/frame.ts';
import { compareMasks } from '../../src/metrics/compare-masks.ts';
import type { ArchiveOptions } from '../../src/server/start.ts';
import { sameAsSaved } from './demo.ts';
import type { Demo } from './demo.ts';
import { configured, withViewer } from './harness.ts';
import type { OpenViewer, ViewerOptions } from './harness.ts';
import { Person } from './person.ts';
import { farFrom, missedBy, strokesAlong } from './strokes.ts';
import {
  labelmaps,
  labelsOf,
  maskIn,
  openSaved,
  press,
  showFrame,
  waitForPaint,
  waitForSegmentation,
} from './viewer-page.ts';
import { wipesAlong } from './wipes.ts';

/** Frames are counted from zero here. Drafts before any training are measured and taken back on these, ... */
const DRAFTED = [12, 22];
/** ... and the result on these, which are full of contrast and which nobody touched. */
const MEASURED = [9, 13, 18, 21, 24, 28];
/** Of those, the one that the picture shows. */
const SHOWN = 21;

export interface Word {
  readonly word: string;
  readonly truth: string;
  readonly brushes: readonly number[];
  readonly most: number;
  /**
   * Dice that the first result must reach: well below what was measured, since runs of a set time differ, and 90 seconds is when
   * a second word is being learnt: the catheter had 0.856 in one run and 0.583 in the next.
   */
  readonly least: number;
}

export const VEIN: Word = { word: 'Vein', truth: 'vein', brushes: [4, 8], most: 2, least: 0.65 };

export interface Plan extends Pick<ViewerOptions, 'window'> {
  readonly name: string;
  readonly words: readonly Word[];
  readonly painted: readonly number[];
  /** Corrected after the first fine-tuning, so that a second learns from it. */
  readonly corrected?: number;
  /** Length of the quick preset, where it is not its own. */
  readonly minutes?: number;
}

/** How what a draft overlooks is added. */
const ADDED = { brushes: [4], most: 4 };
/** How what is wrong is wiped off. */
const WIPE = { diameter: 10, most: 2 };
/** What a second fine-tuning may cost in Dice: runs of a set time differ. */
const MOST_LOST = 0.08;
/** Share of a word's pixels that may lie on the other's structure. */
const MOST_CONFUSED = 0.05;

/**
 * Drafts frames and mends them, fine-tunes, may correct and fine-tune again, saves, and opens what was saved again.
 * @param stored the segmentations that the archive holds, as files
 */
export async function coronaryLoop(
  demo: Demo,
  archive: ArchiveOptions,
  plan: Plan,
  stored: () => Promise<readonly Uint8Array[]>,
) {
  const { name, words, painted, corrected, minutes, window } = plan;
  await withViewer(
    async (viewer) => {
      const { page } = viewer;
      await viewer.open(demo.instance.studyInstanceUid);
      await viewer.screenshot(`${name}-1-opened`);
      const draft = await draftAndUndo(demo, viewer, name);

      const person = new Person(viewer);
      const [, ...further] = words;
      for (const [i, frame] of painted.entries()) {
        await draftAndMend(demo, viewer, person, frame, words, i === 0);
      }
      // The first word is drafted; a further one, which the model hardly knows, is painted over what was taken for them.
      for (const word of further) {
        await person.addWord(word.word);
        for (const frame of painted) {
          await showFrame(page, frame);
          await person.paint(strokesAlong(await demo.truth(frame, word.truth), word));
        }
      }
      const [labels] = await labelmaps(page);
      const paintedFrames = labels?.frames.flatMap((counts, i) =>
        Object.keys(counts).length > 0 ? [i] : [],
      );
      assert.deepEqual(paintedFrames, painted);
      await viewer.screenshot(`${name}-3-painted`);
      for (const { word, dice } of await scores(demo, viewer, words, painted, 0)) {
        console.log(`${word}, what is learnt from: Dice ${dice.toFixed(3)}`);
      }

      // The quick preset is chosen at first.
      await fineTune(viewer, person, `${name}-4-training`);
      await showFrame(page, SHOWN);
      await page.waitForTimeout(1000);
      await viewer.screenshot(`${name}-5-segmented`);
      const once = await scores(demo, viewer, words);
      console.log(`draft of the model that ships: ${draft.toFixed(3)}`);
      for (const { word, dice, confused } of once) {
        console.log(
          `${word}: Dice ${dice.toFixed(3)}, ${(100 * confused).toFixed(1)} % on another structure`,
        );
      }

      let last = once;
      if (corrected !== undefined) {
        await correct(demo, viewer, person, corrected, words);
        await viewer.screenshot(`${name}-6-corrected`);
        await person.press('Accept as training frame');
        console.log(`until a corrected result: ${JSON.stringify(person.figures)}`);
        await fineTune(viewer, person);
        last = await scores(demo, viewer, words);
        for (const { word, dice } of last) console.log(`${word}, once more: Dice ${dice.toFixed(3)}`);
      }

      await person.save();
      console.log(`until it is saved: ${JSON.stringify(person.figures)}`);
      await viewer.screenshot(`${name}-7-saved`);
      const shown = await labelsOfAll(demo, viewer);
      await sameAsSaved(
        await stored(),
        words.map(({ word }) => word),
        shown,
      );

      await viewer.open(demo.instance.studyInstanceUid);
      await openSaved(page);
      await page.waitForTimeout(1000);
      await viewer.screenshot(`${name}-8-opened-again`);
      const again = await labelsOfAll(demo, viewer);
      assert.deepEqual(
        shown.map((pixels, i) => pixels.filter((value, at) => value !== (again[i]?.[at] ?? 0)).length),
        shown.map(() => 0),
        'the saved segmentation, opened again, is another',
      );

      for (const [i, { word, least }] of words.entries()) {
        const { dice = NaN, confused = NaN } = once[i] ?? {};
        assert.ok(dice >= least, `${word}: ${dice.toFixed(3)}`);
        assert.ok(
          confused <= MOST_CONFUSED,
          `${word}: ${(100 * confused).toFixed(1)} % on another structure`,
        );
      }
      if (painted.length > 1) assert.ok((once[0]?.dice ?? 0) > draft, 'fine-tuning did not help');
      const lost = (once[0]?.dice ?? 0) - (last[0]?.dice ?? 0);
      assert.ok(lost <= MOST_LOST, `the correction made the first word worse by ${lost.toFixed(3)}`);
    },
    {
      archive,
      ...(window && { window }),
      ...(minutes && { config: configured({ presets: [{ id: 'quick', minutes }] }) }),
    },
  );
}

/** What the model that ships draws before any training, and how it is taken back. @returns its mean Dice */
async function draftAndUndo(demo: Demo, viewer: OpenViewer, name: string): Promise<number> {
  const { page, panel } = viewer;
  const dice: number[] = [];
  for (const frame of DRAFTED) {
    await showFrame(page, frame);
    await press(panel, 'Draft this frame');
    await waitForPaint(page, 0, frame, true);
    const mask = maskIn(await labelsOf(page, 0, frame), 1, demo.instance.width, demo.instance.height);
    dice.push(compareMasks(mask, await demo.truth(frame, VEIN.truth)).dice);
    await viewer.screenshot(`${name}-2-draft`);
    await page.keyboard.press('Control+z');
    await waitForPaint(page, 0, frame, false);
  }
  const [afterUndo] = await labelmaps(page);
  assert.deepEqual(
    afterUndo?.frames.flatMap((counts) => Object.values(counts)),
    [],
    'a draft cannot be taken back',
  );
  return mean(dice);
}

/**
 * Drafts the first word on a frame, and wipes off what is none of the words. On the first, which fills early and where a draft
 * overlooks most, the longest branches that it lacks are added before.
 */
async function draftAndMend(
  demo: Demo,
  { page }: OpenViewer,
  person: Person,
  frame: number,
  words: readonly Word[],
  first: boolean,
) {
  await showFrame(page, frame);
  await person.draft(frame);
  const truths = await Promise.all(words.map(({ truth }) => demo.truth(frame, truth)));
  const { width, height } = demo.instance;
  const labels = await labelsOf(page, 0, frame);
  const there = labels.map((_, at) => (truths.some(({ data }) => data[at] === 1) ? 1 : 0));
  const drafted = maskIn(labels, 1, width, height);
  const wrong = farFrom(drafted, { width, height, data: there });
  if (first) {
    if (truths[0]) await person.paint(strokesAlong(missedBy(drafted, truths[0]), ADDED));
    // In hand again after the next draft.
    await person.press('Eraser');
  }
  await person.paint(wipesAlong(wrong, WIPE));
}

/** Until the run has ended and the series has been segmented with what it learnt. */
async function fineTune(viewer: OpenViewer, person: Person, picture?: string) {
  const { page, panel } = viewer;
  const before = (await labelmaps(page)).length;
  await person.press('Fine-tune');
  // On a busy machine half a minute is over with its first step.
  await panel
    .getByText(/Step \d+|is ready/)
    .first()
    .waitFor();
  if (picture !== undefined) await viewer.screenshot(picture);
  await waitForSegmentation(panel);
  assert.equal((await labelmaps(page)).length, before + 1, 'the series was not segmented');
}

/** Paints what the result lacks of the first word, on one frame. */
async function correct(
  demo: Demo,
  { page }: OpenViewer,
  person: Person,
  frame: number,
  [first]: readonly Word[],
) {
  if (!first) return;
  await showFrame(page, frame);
  const truth = await demo.truth(frame, first.truth);
  const found = maskIn(await labelsOf(page, await newest(page), frame), 1, truth.width, truth.height);
  await person.press(first.word);
  await person.paint(strokesAlong(missedBy(found, truth), { brushes: [4], most: 1 }));
}

/** Of each word. @param which segmentation; the newest unless told */
async function scores(
  demo: Demo,
  { page }: OpenViewer,
  words: readonly Word[],
  frames: readonly number[] = MEASURED,
  which?: number,
) {
  const { width, height } = demo.instance;
  const segmentation = which ?? (await newest(page));
  const results = words.map(({ word }) => ({ word, dices: [] as number[], pixels: 0, elsewhere: 0 }));
  for (const frame of frames) {
    const labels = await labelsOf(page, segmentation, frame);
    const truths: readonly Mask[] = await Promise.all(words.map((word) => demo.truth(frame, word.truth)));
    for (const [i, result] of results.entries()) {
      const mask = maskIn(labels, i + 1, width, height);
      const truth = truths[i] ?? mask;
      result.dices.push(compareMasks(mask, truth).dice);
      mask.data.forEach((value, at) => {
        if (value === 0) return;
        result.pixels++;
        if (truth.data[at] === 0 && truths.some(({ data }) => data[at] === 1)) result.elsewhere++;
      });
    }
  }
  return results.map(({ word, dices, pixels, elsewhere }) => ({
    word,
    dice: mean(dices),
    confused: elsewhere / Math.max(1, pixels),
  }));
}

async function labelsOfAll(demo: Demo, { page }: OpenViewer): Promise<readonly Uint8Array[]> {
  const segmentation = await newest(page);
  const all: Uint8Array[] = [];
  for (const frame of demo.instance.frames.keys()) all.push(await labelsOf(page, segmentation, frame));
  return all;
}

const newest = async (page: OpenViewer['page']): Promise<number> => (await labelmaps(page)).length - 1;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
