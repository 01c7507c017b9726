import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../../src/protocol/random.ts';

const draws = (seed: number, n: number): number[] => {
  const random = createRandom(seed);
  return Array.from({ length: n }, () => random.uniform());
};

describe('createRandom', () => {
  it('follows the published xoshiro128** recurrence', () => {
    const random = createRandom(0);
    random.restore({ words: [1, 2, 3, 4], spareNormal: null });
    // The first words from state (1, 2, 3, 4), worked by hand from the recurrence: 11520, 0, 5927040.
    const words = Array.from({ length: 3 }, () => random.integer(0x100000000));
    assert.deepEqual(words, [11520, 0, 5927040]);
  });

  it('gives equal draws for equal seeds and others for neighbouring, negative and large seeds', () => {
    assert.deepEqual(draws(7, 5), draws(7, 5));
    const firsts = [0, 1, -1, 2, 2 ** 32, 2 ** 32 + 1, -(2 ** 40)].map((seed) => draws(seed, 1)[0]);
    assert.equal(new Set(firsts).size, firsts.length);
    assert.throws(() => createRandom(0.5), RangeError);
  });

  it('draws uniformly in [0, 1)', () => {
    const values = draws(3, 100_000);
    assert.ok(values.every((x) => x >= 0 && x < 1));
    const bins = new Array<number>(10).fill(0);
    for (const x of values) bins[Math.floor(10 * x)] = (bins[Math.floor(10 * x)] ?? 0) + 1;
    const chiSquare = bins.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
    assert.ok(chiSquare < 27.9, `chi-square ${chiSquare} has p < 0.001`);
  });

  it('draws normals with mean 0, variance 1 and kurtosis 3', () => {
    const random = createRandom(11);
    const values = Array.from({ length: 100_000 }, () => random.normal());
    const moment = (k: number): number => values.reduce((sum, x) => sum + x ** k, 0) / values.length;
    assert.ok(Math.abs(moment(1)) < 0.015);
    assert.ok(Math.abs(moment(2) - 1) < 0.02);
    assert.ok(Math.abs(moment(4) - 3) < 0.15);
  });

  it('draws whole numbers below n and refuses other n', () => {
    const random = createRandom(5);
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(3)));
    assert.deepEqual([...seen].sort(), [0, 1, 2]);
    assert.equal(random.integer(1), 0);
    for (const n of [0, -1, 1.5, 2 ** 33, NaN]) assert.throws(() => random.integer(n), RangeError);
  });

  it('continues bit for bit from a state that went through JSON, mid-pair of normals included', () => {
    const random = createRandom(42);
    random.normal();
    const state = JSON.parse(JSON.stringify(random.state())) as ReturnType<typeof random.state>;
    const ahead = [random.normal(), random.normal(), random.uniform()];
    const resumed = createRandom(0);
    resumed.restore(state);
    assert.deepEqual([resumed.normal(), resumed.normal(), resumed.uniform()], ahead);
  });

  it('refuses a state that is none', () => {
    const random = createRandom(1);
    assert.throws(() => random.restore({ words: [0, 0, 0, 0], spareNormal: null }));
    assert.throws(() => random.restore({ words: [-1, 0, 0, 1], spareNormal: null }));
  });
});
