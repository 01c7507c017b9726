import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { broughtBack, flowBetween } from '../../../src/imaging/run/flow.ts';
import type { Flow } from '../../../src/imaging/run/flow.ts';
import { pyramidOf } from '../../../src/imaging/run/pyramid.ts';
import { createRandom } from '../../../src/protocol/random.ts';

const [WIDTH, HEIGHT] = [200, 160];

type Place = readonly [x: number, y: number];
/** Where a place of the scene lies now. */
type Motion = (place: Place) => Place;

const still: Motion = (place) => place;
/** A heart's beat: by 7 % and 4 degrees about the middle, and down a little: up to 9 pixels at the corners. */
const beat: Motion = ([x, y]) => {
  const [u, v] = [x - WIDTH / 2, y - HEIGHT / 2];
  return [WIDTH / 2 + 0.93 * (u - 0.07 * v), HEIGHT / 2 + 0.93 * (v + 0.07 * u) + 3];
};
/** Its inverse. */
const unbeat: Motion = ([x, y]) => {
  const [u, v] = [(x - WIDTH / 2) / 0.93, (y - 3 - HEIGHT / 2) / 0.93];
  const squared = 1 + 0.07 ** 2;
  return [WIDTH / 2 + (u + 0.07 * v) / squared, HEIGHT / 2 + (v - 0.07 * u) / squared];
};

/** Dark winding lines on an even ground. */
function isVessel([x, y]: Place): boolean {
  const lines = [
    y - HEIGHT / 2 - 40 * Math.sin(x / 31),
    y - 30 - 0.35 * x - 8 * Math.sin(x / 12),
    x - 120 - 25 * Math.sin(y / 23),
    x - 50 - 12 * Math.sin(y / 17),
  ];
  return lines.some((distance) => Math.abs(distance) < 3);
}

/** @param undo where what is at a place now was in the scene */
function draw(undo: Motion, seed: number, level = 90) {
  const random = createRandom(seed);
  const data = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const dark = isVessel(undo([i % WIDTH, Math.floor(i / WIDTH)]));
    return Math.round(Math.max(0, Math.min(255, (dark ? level : 150) + 6 * random.normal())));
  });
  return pyramidOf({ width: WIDTH, height: HEIGHT, data });
}

/** Distances in pixels to where the places of vessels truly went, away from the edge. */
function errorsOf({ pixels }: Flow, motion: Motion): number[] {
  const errors: number[] = [];
  for (let y = 16; y < HEIGHT - 16; y++) {
    for (let x = 16; x < WIDTH - 16; x++) {
      if (!isVessel([x, y])) continue;
      const [toX, toY] = motion([x, y]);
      const i = 2 * (y * WIDTH + x);
      errors.push(Math.hypot(x + pixels[i]! - toX, y + pixels[i + 1]! - toY));
    }
  }
  return errors.sort((a, b) => a - b);
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(share * (sorted.length - 1))]!;

const UNMOVED: Flow = {
  width: WIDTH,
  height: HEIGHT,
  channels: 2,
  pixels: new Float32Array(2 * WIDTH * HEIGHT),
};

describe('how a frame of a run moves to another', () => {
  const way = errorsOf(UNMOVED, beat);

  it('is found, to a quarter of the way, at each place of a heart that draws together and turns', () => {
    assert.ok(percentile(way, 0.5) > 5, 'it moves by several pixels');
    const errors = errorsOf(flowBetween(draw(still, 1), draw(unbeat, 2)), beat);
    for (const share of [0.5, 0.9]) {
      assert.ok(
        percentile(errors, share) < percentile(way, share) / 4,
        `${share}: ${percentile(errors, share)}`,
      );
    }
  });

  it('is found where the contrast grows', () => {
    const errors = errorsOf(flowBetween(draw(still, 1, 115), draw(unbeat, 2, 80)), beat);
    assert.ok(percentile(errors, 0.5) < percentile(way, 0.5) / 4, `${percentile(errors, 0.5)}`);
  });

  it('is next to nothing where all stands still, and nothing where there is nothing to see', () => {
    const errors = errorsOf(flowBetween(draw(still, 1), draw(still, 2)), still);
    assert.ok(percentile(errors, 0.9) < 0.3, `${percentile(errors, 0.9)}`);
    const flat = pyramidOf({ width: 64, height: 48, data: new Uint8Array(64 * 48).fill(99) });
    assert.deepEqual([...new Set(flowBetween(flat, flat).pixels)], [0]);
    const few = pyramidOf({ width: 5, height: 3, data: new Uint8Array(15) });
    const { width, height, pixels } = flowBetween(few, few);
    assert.deepEqual([width, height, pixels.length], [5, 3, 30]);
    assert.deepEqual([...new Set(pixels)], [0]);
  });

  it('brings a map of the other frame back', () => {
    const mapOf = (undo: Motion): Float32Array =>
      Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
        isVessel(undo([i % WIDTH, Math.floor(i / WIDTH)])) ? 1 : 0,
      );
    const [own, moved] = [mapOf(still), mapOf(unbeat)];
    const back = broughtBack(
      { width: WIDTH, height: HEIGHT, values: moved },
      flowBetween(draw(still, 1), draw(unbeat, 2)),
    );
    const differing = (map: Float32Array): number =>
      map.reduce((sum, value, i) => sum + (value > 0.5 === own[i]! > 0.5 ? 0 : 1), 0);
    assert.ok(differing(back) < 0.25 * differing(moved), `${differing(back)} of ${differing(moved)}`);
  });

  it('is refused between frames of two sizes', () => {
    const other = pyramidOf({ width: 160, height: 200, data: new Uint8Array(160 * 200) });
    assert.throws(() => flowBetween(draw(still, 1), other), { name: 'RangeError', message: /200 x 160/ });
  });
});
