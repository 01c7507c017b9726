import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashedTextEncoder } from '../../../src/model/text/hashed-text-encoder.ts';

describe('the encoder that only tells words apart', () => {
  const encoder = hashedTextEncoder(512);

  test('gives unit vectors that never change', async () => {
    const vein = await encoder.embed('Vein');
    assert.equal(vein.length, 512);
    assert.ok(Math.abs(Math.hypot(...vein) - 1) < 1e-6);
    assert.deepEqual(await hashedTextEncoder(512).embed('Vein'), vein);
    // Adapters were trained with these numbers.
    assert.deepEqual(
      [...vein.slice(0, 3)].map((x) => x.toFixed(6)),
      ['-0.040506', '-0.053203', '-0.045334'],
    );
  });

  test('ignores case and spaces', async () => {
    assert.deepEqual(await encoder.embed('  Left   main artery\n'), await encoder.embed('left main ARTERY'));
    assert.deepEqual(await encoder.embed('caf\u00e9'), await encoder.embed('cafe\u0301'));
  });

  test('keeps different phrases nearly at right angles', async () => {
    const phrases = ['vein', 'veins', 'artery', 'optic disc', 'catheter', '\u8840\u7ba1'];
    const vectors = await Promise.all(phrases.map((phrase) => encoder.embed(phrase)));
    vectors.forEach((a, i) => {
      for (const b of vectors.slice(0, i)) {
        const cosine = a.reduce((sum, value, k) => sum + value * (b[k] ?? NaN), 0);
        assert.ok(Math.abs(cosine) < 0.2, `${cosine}`);
      }
    });
  });

  test('refuses an empty phrase', async () => {
    await assert.rejects(encoder.embed(' \t'), { code: 'INVALID_ARGUMENT' });
  });
});
