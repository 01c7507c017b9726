import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contrastThickness, fillVessels } from '../../src/generator/xray/contrast.ts';
import { REGIONS, growVessels } from '../../src/generator/xray/regions.ts';
import { growTree } from '../../src/generator/xray/tree.ts';
import type { TreeShape } from '../../src/generator/xray/tree.ts';
import { createRandom } from '../../src/protocol/random.ts';

const SIZE = 512;
const SHAPE: TreeShape = {
  ball: { x: 256, y: 256, radius: 300 },
  trunkRadius: 6,
  leastRadius: 1,
  forkDistance: 60,
  mainShare: [0.5, 0.8],
  tortuosity: 1,
  homing: 2,
  taper: 0,
  relief: 0.3,
  mostBranches: 100,
  reach: 1000,
};

describe('a tree', () => {
  const root = { x: 256, y: 250, heading: 0.3, side: 1 } as const;
  const branches = growTree(createRandom(4), SHAPE, root, SIZE);

  test('starts at its root with the radius of its trunk', () => {
    const first = branches[0]?.points[0];
    assert.ok(first);
    assert.deepEqual([first.x, first.y, first.radius], [256, 250, 6]);
  });

  test('is made of branches that are never wider than what they leave', () => {
    assert.ok(branches.length > 10);
    for (const { points, parentRadius } of branches.slice(1)) {
      assert.ok((points[0]?.radius ?? Infinity) < parentRadius);
      points.forEach(({ radius }, k) => assert.ok(k === 0 || radius <= (points[k - 1]?.radius ?? 0)));
    }
  });

  test("shares out the flow at a fork by Murray's law", () => {
    const forks = new Map<string, number[]>();
    for (const { points, parentRadius } of branches.slice(1)) {
      const [first] = points;
      if (!first) continue;
      const place = `${first.x},${first.y}`;
      forks.set(place, [...(forks.get(place) ?? [parentRadius]), first.radius]);
    }
    const complete = [...forks.values()].filter((radii) => radii.length === 3);
    assert.ok(complete.length > 5);
    const excess = (exponent: number): number[] =>
      complete.map(([parent = 0, a = 0, b = 0]) => a ** exponent + b ** exponent - parent ** exponent);
    assert.ok(
      excess(2.4).every((value) => value > -1e-9),
      'the daughters carry at least the flow of the parent',
    );
    assert.ok(
      excess(3.2).every((value) => value < 1e-9),
      'and at most',
    );
  });

  test('goes on from branch to branch, and no step leaps', () => {
    for (const { points } of branches) {
      for (let k = 1; k < points.length; k++) {
        const [a, b] = [points[k - 1], points[k]];
        assert.ok(a && b && Math.hypot(b.x - a.x, b.y - a.y) <= b.fromRoot - a.fromRoot + 1e-9);
        assert.ok(b.lengthening >= 1);
      }
    }
  });
});

test('calibres at 512 go from a pixel or less to twenty', () => {
  for (const region of REGIONS) {
    const radii: number[] = [];
    for (let seed = 0; seed < 40; seed++)
      radii.push(growVessels(createRandom(seed), region, SIZE).trunkRadius);
    assert.ok(Math.max(...radii) <= 10, region);
    assert.ok(Math.max(...radii) > 5, region);
    assert.ok(Math.min(...radii) < 4, region);
  }
});

test('equal seeds grow equal trees', () => {
  for (const region of REGIONS) {
    assert.deepEqual(growVessels(createRandom(9), region, SIZE), growVessels(createRandom(9), region, SIZE));
  }
});

describe('contrast', () => {
  const piece = { radius: 4, density: 1, overlap: 1 };
  const across = [{ ...piece, x0: 10, y0: 50, x1: 90, y1: 50 }];
  const down = [{ ...piece, x0: 50, y0: 10, x1: 50, y1: 90 }];

  test('adds up where vessels cross, and not where a branch leaves its parent', () => {
    const middle = 50 * 100 + 50;
    assert.equal(contrastThickness([across], 100, 100)[middle], 8);
    assert.equal(contrastThickness([across, down], 100, 100)[middle], 16);
    const daughter = down.map((one) => ({ ...one, overlap: 0 }));
    assert.equal(contrastThickness([across, daughter], 100, 100)[middle], 8);
  });

  test('is never negative, and fills a tree at most as densely as undiluted contrast that leans to the beam', () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = createRandom(seed);
      const vessels = growVessels(random, 'cerebral', 128);
      for (const { density, overlap } of fillVessels(random, vessels, 'cerebral').flat()) {
        assert.ok(density >= 0 && density < 30);
        assert.ok(overlap >= 0 && overlap <= 1);
      }
    }
  });
});
