import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GeneratedImage, Structure } from '../../src/generator/generated-image.ts';
import { generateRun } from '../../src/generator/xray/cine.ts';
import { DEMO_RUN } from '../../src/generator/xray/cine-look.ts';
import type { CoronaryView } from '../../src/generator/xray/cine-look.ts';

const SIDE = 160;
const FRAMES = 30;
const VIEWS: readonly CoronaryView[] = ['left coronary', 'right coronary'];

function places({ masks }: GeneratedImage, structure: Structure): number[] {
  const mask = masks.get(structure);
  return mask ? [...mask.data.keys()].filter((i) => mask.data[i] === 1) : [];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean grey level of the pixels at `where`. */
function grey({ frame }: GeneratedImage, where: readonly number[]): number {
  return mean(where.map((i) => frame.pixels[i] ?? NaN));
}

test('equal seeds give equal runs to the bit, other seeds other ones', () => {
  const run = generateRun(7, 128, 4);
  assert.deepEqual(generateRun(7, 128, 4), run);
  assert.notDeepEqual(generateRun(8, 128, 4).frames[0]?.frame.pixels, run.frames[0]?.frame.pixels);
});

for (const view of VIEWS) {
  describe(`a run of the ${view} artery`, () => {
    const { frames } = generateRun(41, SIDE, FRAMES, { ...DEMO_RUN, view });
    const filled = frames.map((image) => places(image, 'vessel').length);
    const most = Math.max(...filled);

    test('has whole grey levels, and masks of zeros and ones of the same size', () => {
      assert.equal(frames.length, FRAMES);
      for (const [index, { frame, masks }] of frames.entries()) {
        assert.equal(frame.source.frameNumber, index + 1);
        assert.ok(frame.pixels.every((value) => Number.isInteger(value) && value >= 0 && value <= 255));
        for (const mask of masks.values()) {
          assert.deepEqual([mask.width, mask.height, mask.data.length], [SIDE, SIDE, SIDE * SIDE]);
          assert.ok(mask.data.every((value) => value === 0 || value === 1));
          assert.ok(mask.data.includes(1));
        }
      }
    });

    test('shows the catheter in every frame, and it moves with the heart', () => {
      const tubes = frames.map((image) => places(image, 'catheter').join());
      assert.ok(tubes.every((tube) => tube !== ''));
      assert.ok(new Set(tubes).size > FRAMES / 2);
    });

    test('names no vessel before the contrast comes, then ever more of it, then all of it', () => {
      assert.equal(frames[0]?.masks.has('vessel'), false);
      assert.equal(frames[1]?.masks.has('vein'), false);
      const middle = Math.round(0.6 * FRAMES);
      // The heart draws together by some percent, and with it the area of its vessels.
      for (let i = 1; i < middle; i++)
        assert.ok((filled[i] ?? 0) >= 0.88 * (filled[i - 1] ?? 0), `frame ${i + 1}: ${filled.join(' ')}`);
      assert.ok((filled[5] ?? 0) < 0.5 * most, filled.join(' '));
      for (let i = middle; i < FRAMES - 3; i++)
        assert.ok((filled[i] ?? 0) > 0.75 * most, `frame ${i + 1}: ${filled.join(' ')}`);
      assert.equal(frames[middle]?.masks.get('artery'), frames[middle]?.masks.get('vessel'));
      assert.equal(frames[middle]?.masks.get('vein'), frames[middle]?.masks.get('vessel'));
    });

    test('fills the vessels from the tip of the catheter outwards', () => {
      const first = frames.find(({ masks }) => masks.has('vessel'));
      assert.ok(first);
      const start = places(first, 'vessel');
      const [x, y] = [mean(start.map((i) => i % SIDE)), mean(start.map((i) => Math.floor(i / SIDE)))];
      const tube = places(first, 'catheter');
      const near = Math.min(...tube.map((i) => Math.hypot((i % SIDE) - x, Math.floor(i / SIDE) - y)));
      assert.ok(near < 0.08 * SIDE, `${near} pixels from the catheter`);
      const reachOf = (image: GeneratedImage | undefined): number =>
        Math.max(
          ...(image ? places(image, 'vessel') : []).map((i) =>
            Math.hypot((i % SIDE) - x, Math.floor(i / SIDE) - y),
          ),
        );
      assert.ok(reachOf(frames[6]) < reachOf(frames[9]));
      assert.ok(reachOf(frames[9]) < reachOf(frames[16]));
    });

    test('is darker where the truth says that there is contrast, and by less before it came', () => {
      const full = frames[16];
      const before = frames[0];
      assert.ok(full && before);
      const vessels = places(full, 'vessel');
      const inside = new Set(vessels);
      const beside = vessels
        .flatMap((i) => [i - 9, i + 9, i - 9 * SIDE, i + 9 * SIDE])
        .filter((i) => i >= 0 && i < SIDE * SIDE && !inside.has(i));
      const contrast = grey(full, beside) - grey(full, vessels);
      assert.ok(contrast > 15, `${contrast} grey levels`);
      assert.ok(grey(before, beside) - grey(before, vessels) < 0.4 * contrast);
    });

    test('has fresh noise in each frame', () => {
      const [a, b] = [frames[0]?.frame.pixels, frames[1]?.frame.pixels];
      assert.ok(a && b);
      const same = a.reduce((count, value, i) => count + (value === b[i] ? 1 : 0), 0);
      assert.ok(same < 0.4 * SIDE * SIDE, `${same} of ${SIDE * SIDE} pixels are equal`);
    });
  });
}
