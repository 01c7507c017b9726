/**
 * The main job, as its user does it: paint two structures on three frames of the demonstration's coronary run, fine-tune in the
 * browser, look at the other frames, correct one and fine-tune again, save, and find the same pixels again after a reload.
 */
import { after, before, describe, test } from 'node:test';
import { VEIN, coronaryLoop } from './coronary-loop.ts';
import type { Word } from './coronary-loop.ts';
import { writeDemo } from './demo.ts';
import type { Demo } from './demo.ts';
import { DESKTOP, skipWithoutViewer } from './harness.ts';

const CATHETER: Word = { word: 'Catheter', truth: 'catheter', brushes: [7], most: 1, least: 0.3 };

describe('the coronary run of the demonstration', { skip: skipWithoutViewer }, () => {
  let demo: Demo;
  before(async () => {
    demo = await writeDemo('coronary-left');
  });
  after(() => demo.remove());

  test('is learnt, corrected, learnt again, saved and opened again: embedded archive', () => {
    const archive = { kind: 'folder', folder: demo.studies } as const;
    // Early filling, a full tree, and late.
    const painted = [8, 16, 26];
    const plan = { name: 'coronary', words: [VEIN, CATHETER], painted, corrected: 11, window: DESKTOP };
    return coronaryLoop(demo, archive, plan, () => demo.added());
  });
});
