import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { splitSamples } from '../../src/training/split.ts';
import type { Split, Splittable } from '../../src/training/split.ts';

const anySamples = fc
  .array(fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }), { minLength: 2, maxLength: 40 })
  .map((groups) =>
    groups.map((group, i): Splittable => ({
      id: String(i),
      ...(group !== undefined && { group: `patient ${group}` }),
    })),
  );
const anyOptions = fc.record({ share: fc.double({ min: 1e-6, max: 0.9, noNaN: true }), seed: fc.nat() });

const named = (splits: readonly (string | undefined)[]): Splittable[] =>
  splits.map((split, i) => ({ id: String(i), ...(split !== undefined && { split }) }));
const ids = (samples: readonly Splittable[]) => samples.map(({ id }) => id).join(' ');

const told = (notes: Split<Splittable>['notes']): string => notes.map(({ message }) => message).join();

describe('splitSamples', () => {
  it('puts every sample on one side, leaves neither empty and divides no group', () => {
    fc.assert(
      fc.property(anySamples, anyOptions, (samples, options) => {
        const { train, heldOut, notes } = splitSamples(samples, options);
        assert.ok(train.length > 0 && heldOut.length > 0);
        assert.deepEqual(new Set([...train, ...heldOut]), new Set(samples));
        assert.equal(train.length + heldOut.length, samples.length);
        const groups = (side: readonly Splittable[]) => new Set(side.flatMap(({ group }) => group ?? []));
        const single = new Set(samples.map(({ group, id }) => group ?? id)).size === 1;
        if (!single)
          assert.deepEqual(
            [...groups(train)].filter((group) => groups(heldOut).has(group)),
            [],
          );
        assert.equal(notes.length, single ? 1 : 0);
      }),
    );
  });

  it('holds out the share that was asked for, as far as groups allow', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 50 }), anyOptions, (count, options) => {
        const samples = named(new Array<undefined>(count).fill(undefined));
        const { heldOut } = splitSamples(samples, options);
        assert.equal(heldOut.length, Math.min(count - 1, Math.max(1, Math.round(count * options.share))));
      }),
    );
  });

  it('trains on all where nothing is to be held out, save what the data set itself set aside', () => {
    const options = { share: 0, seed: 1 };
    const { train, heldOut } = splitSamples(named([undefined, undefined, undefined]), options);
    assert.deepEqual([ids(train), ids(heldOut)], ['0 1 2', '']);
    const own = splitSamples(named(['train', 'val', 'train']), options);
    assert.deepEqual([ids(own.train), ids(own.heldOut)], ['0 2', '1']);
  });

  it('depends on the seed and on nothing else', () => {
    const samples = named(new Array<undefined>(20).fill(undefined));
    const drawn = (seed: number) => ids(splitSamples(samples, { share: 0.3, seed }).heldOut);
    assert.equal(drawn(5), drawn(5));
    assert.ok(new Set([1, 2, 3, 4].map(drawn)).size > 1);
  });

  it('splits the frames of a single patient, and says so', () => {
    const samples = named([undefined, undefined, undefined]).map((sample) => ({ ...sample, group: 'one' }));
    const { train, heldOut, notes } = splitSamples(samples, { share: 0.3, seed: 1 });
    assert.equal(train.length, 2);
    assert.equal(heldOut.length, 1);
    assert.match(told(notes), /one patient or study/);
  });

  it('holds out the smallest group where every group is larger than the share', () => {
    const samples = 'aaaaabb'.split('').map((group, i) => ({ id: String(i), group }));
    for (const seed of [1, 2, 3]) {
      const { heldOut } = splitSamples(samples, { share: 0.15, seed });
      assert.equal(ids(heldOut), '5 6');
    }
  });

  it("follows the data set's own split, val before test", () => {
    const samples = named(['train', 'VAL', 'test', 'Train ', undefined, 'extra']);
    const { train, heldOut, notes } = splitSamples(samples, { share: 0.5, seed: 1 });
    assert.equal(ids(train), '0 3 4');
    assert.equal(ids(heldOut), '1');
    assert.match(told(notes), /1 sample\(s\) outside .* trained on/);
    assert.match(told(notes), /1 sample\(s\) are left out/);
  });

  it('takes test samples where there is no val, and says so', () => {
    const { train, heldOut, notes } = splitSamples(named(['train', 'test', 'train']), {
      share: 0.5,
      seed: 1,
    });
    assert.equal(ids(train), '0 2');
    assert.equal(ids(heldOut), '1');
    assert.match(told(notes), /test samples serve/);
  });

  it('draws from the training samples where the data set holds nothing out', () => {
    const { train, heldOut } = splitSamples(named(['train', 'train', 'train']), { share: 0.3, seed: 1 });
    assert.deepEqual([train.length, heldOut.length], [2, 1]);
  });

  it("warns of patients on both sides of the data set's own split", () => {
    const samples = named(['train', 'val']).map((sample) => ({ ...sample, group: 'p1' }));
    assert.match(told(splitSamples(samples, { share: 0.5, seed: 1 }).notes), /on both sides \(p1\)/);
  });

  it('holds nothing out of a single sample, and says so', () => {
    const { train, heldOut, notes } = splitSamples(named([undefined]), { share: 0.5, seed: 1 });
    assert.deepEqual([train.length, heldOut.length, notes.length], [1, 0, 1]);
  });
});
