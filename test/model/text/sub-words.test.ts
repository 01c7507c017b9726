import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BUCKETS, subWordFeatures, subWords } from '../../../src/model/text/sub-words.ts';
import { STRUCTURES } from '../../../src/generator/generated-image.ts';
import { normalisePhrase } from '../../../src/model/text/phrase.ts';
import { ABSENT_PHRASES, VOCABULARY } from '../../../src/training/pretraining/vocabulary.ts';

/** Of two bags, which have length 1. */
function likeness(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? NaN) * (b[i] ?? NaN);
  return sum;
}

describe('bags of sub-words', () => {
  test('hold words and their runs of 2 to 5 characters, ends marked', () => {
    assert.deepEqual(
      [...subWords('Rib')].sort(),
      ['rib', '<r', 'ri', 'ib', 'b>', '<ri', 'rib', 'ib>', '<rib', 'rib>', '<rib>']
        .filter((piece, i, all) => all.indexOf(piece) === i)
        .sort(),
    );
  });

  test('are of length 1 for whatever is not empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (phrase) => {
        fc.pre(normalisePhrase(phrase) !== '');
        const bag = subWordFeatures(phrase);
        assert.equal(bag.length, BUCKETS);
        assert.ok(Math.abs(Math.hypot(...bag) - 1) < 1e-5);
      }),
    );
    assert.throws(() => subWordFeatures('\n'), { code: 'INVALID_ARGUMENT' });
  });

  test('do not tell case, spaces, hyphens and compositions of one character apart', () => {
    const same = (a: string, b: string): void =>
      assert.deepEqual(subWordFeatures(a), subWordFeatures(b), `${a}, ${b}`);
    same('Vein', ' VEIN ');
    same('optic-disc', 'Optic  disc');
    same('art\u00e8re', 'arte\u0300re');
    same('(vein)', 'vein');
  });

  test('share pieces between accents and their absence, umlauts and their transcriptions, and plurals', () => {
    const alike = (a: string, b: string, least: number): void => {
      const found = likeness(subWordFeatures(a), subWordFeatures(b));
      assert.ok(found >= least, `${a}, ${b}: ${found.toFixed(2)}`);
    };
    alike('Gefäß', 'gefaess', 0.5);
    alike('Gefäß', 'Gefass', 0.5);
    alike('artère', 'artere', 0.6);
    alike('vein', 'veins', 0.5);
    alike('vessel', 'blood vessels', 0.4);
    assert.ok(likeness(subWordFeatures('vein'), subWordFeatures('catheter')) < 0.15);
  });

  test('never change: models were trained with them', () => {
    const buckets = [...subWordFeatures('Os').entries()].flatMap(([i, value]) => (value > 0 ? [i] : []));
    assert.deepEqual(buckets, [1031, 1111, 1404, 1809, 1919, 2996]);
  });
});

describe('the vocabulary', () => {
  const groups = [
    ...STRUCTURES.map((structure) => [structure, VOCABULARY[structure]] as const),
    ['absent', ABSENT_PHRASES] as const,
  ];
  const training = groups.flatMap(([name, phrases]) =>
    phrases.training.map((phrase) => ({ name, phrase, bag: subWordFeatures(phrase) })),
  );

  test('gives no phrase two meanings, and holds out phrases that are not trained on', () => {
    const meanings = new Map<string, string>();
    for (const { name, phrase } of training) {
      const key = normalisePhrase(phrase);
      assert.ok((meanings.get(key) ?? name) === name, `${phrase}: ${name} and ${meanings.get(key) ?? ''}`);
      meanings.set(key, name);
    }
    for (const [name, { heldOut }] of groups) {
      assert.ok(heldOut.length >= 15, name);
      for (const phrase of heldOut) assert.ok(!meanings.has(normalisePhrase(phrase)), phrase);
    }
  });

  test('brings forms that were held out next to a trained phrase of the same meaning', () => {
    const heldOut = groups.flatMap(([name, phrases]) => phrases.heldOut.map((phrase) => ({ name, phrase })));
    const astray = heldOut.filter(({ name, phrase }) => {
      const bag = subWordFeatures(phrase);
      const nearest = training.reduce((best, other) =>
        likeness(bag, other.bag) > likeness(bag, best.bag) ? other : best,
      );
      return nearest.name !== name;
    });
    assert.ok(
      astray.length <= 0.05 * heldOut.length,
      `${astray.length} of ${heldOut.length}: ${astray.map(({ phrase }) => phrase).join(', ')}`,
    );
  });
});
