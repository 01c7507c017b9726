import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Levels } from '../../../src/imaging/run/levels.ts';
import { quantile } from '../../../src/imaging/run/quantile.ts';
import { stillBackgroundOf } from '../../../src/imaging/run/still-background.ts';
import type { StillBackground } from '../../../src/imaging/run/still-background.ts';
import { EVEN, subtractBackground } from '../../../src/imaging/run/subtract.ts';
import { createRandom } from '../../../src/protocol/random.ts';

const SIDE = 96;
const RADIUS = 8;
const COUNT = 16;

interface Drawn {
  /** Pixels by which the whole scene moves from frame to frame, to the right and up. */
  readonly pan?: number;
  readonly rise?: number;
  /** Middle of a dark disc in the scene; none before something is filled. */
  readonly disc?: (index: number) => readonly [x: number, y: number] | undefined;
}

const still = (x: number, y: number): number =>
  140 + 45 * Math.sin((x + 0.4 * y) / 6) + 25 * Math.sin((y - 0.2 * x) / 7) + 15 * Math.sin((x + y) / 4);
const crossing: Drawn['disc'] = (index) => [18 + 4 * index, 44];
const late: Drawn['disc'] = (index) => (index < 4 ? undefined : [50, 46]);

/** The scene's coordinates of a frame's pixel. */
const inScene = (index: number, x: number, y: number, { pan = 0, rise = 0 }: Drawn) =>
  [x - pan * index, y + rise * index] as const;
const inDisc = (index: number, x: number, y: number, drawn: Drawn): boolean => {
  const middle = drawn.disc?.(index);
  const [sceneX, sceneY] = inScene(index, x, y, drawn);
  return middle !== undefined && (sceneX - middle[0]) ** 2 + (sceneY - middle[1]) ** 2 <= RADIUS ** 2;
};
/** @param index may lie halfway between two frames. */
const drawFrame = (index: number, drawn: Drawn): Levels => {
  const random = createRandom(2 * index + 1);
  const data = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    const level = still(...inScene(index, x, y, drawn)) * (inDisc(index, x, y, drawn) ? 0.5 : 1);
    return Math.max(0, Math.min(255, Math.round(level + 3 * random.normal())));
  });
  return { width: SIDE, height: SIDE, data };
};
const drawRun = (drawn: Drawn, count = COUNT): readonly Levels[] =>
  Array.from({ length: count }, (_, index) => drawFrame(index, drawn));

const noBreath = (): Promise<void> => Promise.resolve();
const found = async (frames: readonly Levels[]): Promise<StillBackground> => {
  const background = await stillBackgroundOf(frames, noBreath);
  assert.ok(background);
  return background;
};

/** Mean and greatest error in levels, inside the disc of a frame and well within its border. */
const errorsUnder = (background: StillBackground, index: number, drawn: Drawn) => {
  const under = background.under(drawFrame(index, drawn));
  let [sum, count, greatest] = [0, 0, 0];
  for (let y = 16; y < SIDE - 16; y++) {
    for (let x = 16; x < SIDE - 16; x++) {
      if (!inDisc(index, x, y, drawn)) continue;
      const error = Math.abs((under[y * SIDE + x] ?? 0) - still(...inScene(index, x, y, drawn)));
      [sum, count, greatest] = [sum + error, count + 1, Math.max(greatest, error)];
    }
  }
  assert.ok(count > 150);
  return { mean: sum / count, greatest };
};

describe('what stands still in a run', () => {
  for (const [name, drawn, indices] of [
    ['under a disc that moves', { disc: crossing }, [1, 6, 12]],
    ['under a disc that is not there at first', { disc: late }, [4, 15]],
    ['under a disc, while the whole scene pans', { pan: 1, disc: crossing }, [1, 6, 9]],
    ['under a disc, while the scene pans so far that little is left', { pan: 4, disc: crossing }, [2, 5]],
  ] as const) {
    it(`is seen ${name}`, async () => {
      const background = await found(drawRun(drawn));
      for (const index of indices) {
        const { mean, greatest } = errorsUnder(background, index, drawn);
        assert.ok(mean < 3, `frame ${index}: ${mean.toFixed(1)} levels off in the mean`);
        assert.ok(greatest < 9, `frame ${index}: ${greatest.toFixed(1)} levels off`);
      }
    });
  }

  it('is known for frames that were not looked at', async () => {
    const drawn: Drawn = { pan: 1, disc: crossing };
    const background = await found(drawRun(drawn).filter((_, index) => index % 2 === 0));
    assert.deepEqual([background.width, background.height], [SIDE, SIDE]);
    assert.ok(errorsUnder(background, 7, drawn).mean < 3);
    assert.throws(() => background.under({ width: 8, height: 8, data: new Uint8Array(64) }), RangeError);
  });

  it('is known of what only the ends of a pan show', async () => {
    const drawn: Drawn = { pan: 2, disc: crossing };
    const background = await found(drawRun(drawn));
    // The frame in the middle ends 14 columns before this one.
    const under = background.under(drawFrame(1, drawn));
    const errors: number[] = [];
    for (let y = 4; y < SIDE - 4; y++) {
      for (let x = SIDE - 12; x < SIDE - 3; x++) {
        errors.push(Math.abs((under[y * SIDE + x] ?? 0) - still(...inScene(1, x, y, drawn))));
      }
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    assert.ok(mean < 4, `${mean.toFixed(1)} levels off in the mean`);
  });

  it('is a frame itself where no other shows the place', async () => {
    const drawn: Drawn = { pan: 4, rise: 4, disc: (index) => [48 - 3 * index, 40 + 4 * index] };
    const background = await found(drawRun(drawn));
    // Halfway between two frames of a run that goes up to the right, two of its corners are in neither.
    const frame = drawFrame((COUNT - 1) / 2, drawn);
    const last = SIDE * SIDE - 1;
    frame.data.set([7, 7]);
    frame.data[last] = 9;
    const under = background.under(frame);
    assert.deepEqual([under[0], under[1], under[last]], [7, 7, 9]);
    frame.data[SIDE * 20 + 20] = 7;
    assert.ok((background.under(frame)[SIDE * 20 + 20] ?? 0) > 40);
  });

  it('leaves the rest of a frame even once subtracted, and the disc dark', async () => {
    const drawn: Drawn = { pan: 1, disc: crossing };
    const frame = drawFrame(8, drawn);
    const even = subtractBackground(frame.data, (await found(drawRun(drawn))).under(frame));
    const values = (inside: boolean): Float32Array =>
      even.filter((_, i) => inDisc(8, i % SIDE, Math.floor(i / SIDE), drawn) === inside);
    const middle = (of: Float32Array): number => quantile(of, of.length, 0.5);
    assert.ok(Math.abs(middle(values(false)) - EVEN) < 3);
    // Half the level is 0.29 of its square root, some 3.5 of them here.
    assert.ok(middle(values(true)) < EVEN - 60);
  });

  it('is not told from fewer than 8 frames', async () => {
    assert.equal(await stillBackgroundOf(drawRun({ disc: crossing }, 7), noBreath), undefined);
    assert.equal(await stillBackgroundOf([], noBreath), undefined);
    assert.ok(await stillBackgroundOf(drawRun({ disc: crossing }, 8), noBreath));
  });

  it('is not told where nothing fills or moves, or all of it together', async () => {
    const standing: Drawn['disc'] = () => [50, 46];
    assert.equal(await stillBackgroundOf(drawRun({}), noBreath), undefined);
    assert.equal(await stillBackgroundOf(drawRun({ disc: standing }), noBreath), undefined);
    assert.equal(await stillBackgroundOf(drawRun({ pan: 1, disc: standing }), noBreath), undefined);
    const flat = { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE) };
    assert.equal(await stillBackgroundOf(Array<Levels>(8).fill(flat), noBreath), undefined);
  });

  it('is not told of frames that differ in size', async () => {
    const small = { width: 48, height: SIDE, data: new Uint8Array(48 * SIDE) };
    await assert.rejects(stillBackgroundOf([...drawRun({}, 8), small], noBreath), RangeError);
  });

  it('lets others breathe, after each frame and every few rows', async () => {
    let breaths = 0;
    const breathe = (): Promise<void> => {
      breaths++;
      return Promise.resolve();
    };
    await stillBackgroundOf(drawRun({ disc: crossing }), breathe);
    assert.ok(breaths >= 2 * COUNT + SIDE / 16, `${breaths} breaths`);
  });
});

describe('a background subtracted', () => {
  it('leaves the even level where nothing differs, and the difference of square roots elsewhere', () => {
    const slope = 2 * Math.sqrt(150);
    const out = subtractBackground([90, 81, 110.25, 0, 255], Uint8Array.of(90, 100, 100, 200, 0));
    const expected = [150, 150 - slope, 150 + 0.5 * slope, 0, 255];
    for (const [i, value] of expected.entries()) assert.ok(Math.abs((out[i] ?? NaN) - value) < 1e-4);
  });

  it('has to be of the same size', () => {
    assert.throws(() => subtractBackground([1, 2], Uint8Array.of(1)), RangeError);
  });
});

describe('a quantile', () => {
  it('is that of the sorted values, linear between neighbours', () => {
    const random = createRandom(5);
    for (let length = 1; length < 40; length++) {
      const values = Float32Array.from({ length: length + 3 }, () => random.integer(12));
      const sorted = values.slice(0, length).sort();
      for (const share of [0, 0.25, 0.5, 0.9, 1]) {
        const position = share * (length - 1);
        const [low, high] = [sorted[Math.floor(position)] ?? 0, sorted[Math.ceil(position)] ?? 0];
        const expected = low + (position % 1) * (high - low);
        assert.ok(Math.abs(quantile(values.slice(), length, share) - expected) < 1e-9);
      }
    }
  });
});
