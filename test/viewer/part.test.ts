/** A photograph of which a part is painted from nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Mask } from '../../src/imaging/frame.ts';
import { compareMasks } from '../../src/metrics/compare-masks.ts';
import { writeDemo } from './demo.ts';
import type { Demo } from './demo.ts';
import { cut, fineTuned, lookingForVessels, maskOnScreen, settings, sizesOf, where } from './fundus-page.ts';
import { skipWithoutViewer, withViewer } from './harness.ts';
import { strokesAlong } from './strokes.ts';
import { takeBrush } from './viewer-page.ts';

describe('a part of a photograph', { skip: skipWithoutViewer }, () => {
  let demo: Demo;
  before(async () => {
    demo = await writeDemo('retina-fundus');
  });
  after(() => demo.remove());

  test('that nothing is painted beside a part does not teach that nothing is there', async () => {
    const { width, height, instance } = sizesOf(demo);
    const truth = await demo.truth(0, 'vessel');
    const painted = where(width, height, (x, y) => x >= width / 2 && y >= 0.7 * height);
    const other = where(width, height, (x) => x < width / 2);

    await withViewer(
      async (viewer) => {
        await viewer.open(instance.studyInstanceUid);
        const person = await lookingForVessels(viewer);
        await takeBrush(viewer.page, viewer.panel);
        await person.paint(strokesAlong(cut(truth, painted), { brushes: [4, 8], most: 1 }));
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
      settings(demo, 0.4, 24),
    );
  });
});

/** What counts of a frame that was painted in part. */
function boxAbout({ width, height, data }: Mask): Mask {
  const at = [...data.keys()].filter((i) => data[i] === 1);
  const [xs, ys] = [at.map((i) => i % width), at.map((i) => Math.floor(i / width))];
  const span = (values: number[]): [from: number, to: number] =>
    values.reduce<[number, number]>(([from, to], v) => [Math.min(from, v), Math.max(to, v)], [Infinity, -1]);
  const [[left, right], [top, bottom]] = [span(xs), span(ys)];
  return where(width, height, (x, y) => x >= left && x <= right && y >= top && y <= bottom);
}
