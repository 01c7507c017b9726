import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AdapterFile } from '../../src/adapters/index.ts';
import { decodeAdapter, encodeAdapter } from '../../src/adapters/adapter-file.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import { embedAskedWord } from '../../src/inference/prompt-words.ts';
import type { FindEncoder } from '../../src/inference/prompt-words.ts';
import { hashedTextEncoder } from '../../src/model/text/hashed-text-encoder.ts';
import type { TextEncoder } from '../../src/model/text/text-encoder.ts';
import { answerWarningText } from '../../src/protocol/answer-warning.ts';
import { makeAdapterInfo } from '../adapters/make-adapter-info.ts';
import { TINY_SAM } from '../adapters/tiny-sam.ts';

const encoder = hashedTextEncoder(TINY_SAM.textDim);
const stranger: TextEncoder = { ...encoder, id: 'another' };
const has = (at: TextEncoder): FindEncoder => {
  return async (id) => (id === at.id ? at : undefined);
};
const nothing: FindEncoder = () => assert.fail('no encoder is needed');
const KNOWING = { name: 'salt-tiny', knowsWords: true };
const IGNORANT = { name: 'sam_vit_b', knowsWords: false };

/** As it comes out of its file. */
async function adapter(encoderId = encoder.id): Promise<AdapterFile> {
  const words = ['Vein', 'Optic disc'];
  return decodeAdapter(
    encodeAdapter({
      info: makeAdapterInfo({ prompts: words.map((word) => ({ word, encoder: encoderId })) }),
      values: new Map(),
      embeddings: await Promise.all(
        words.map(async (word) => floatTensor([TINY_SAM.textDim], await encoder.embed(word))),
      ),
    }),
  );
}

describe('a word that an adapter is asked for', () => {
  test('needs no text encoder when the adapter was trained on it, however it is written', async () => {
    for (const word of ['Vein', 'vein', ' VEIN ']) {
      const asked = await embedAskedWord(word, await adapter(), KNOWING, nothing);
      assert.deepEqual(asked, { embedding: await encoder.embed('Vein') });
    }
    const second = await embedAskedWord('optic  disc', await adapter(), KNOWING, nothing);
    assert.deepEqual(second, { embedding: await encoder.embed('Optic disc') });
  });

  test('is embedded by the encoder of its training, with a warning, when it is another', async () => {
    const asked = await embedAskedWord('Artery', await adapter(), KNOWING, has(encoder));
    assert.deepEqual(asked, {
      embedding: await encoder.embed('Artery'),
      warning: {
        kind: 'not taught',
        word: 'Artery',
        words: ['Vein', 'Optic disc'],
        base: 'salt-tiny',
        baseKnowsWords: true,
      },
    });
    assert.equal(
      answerWarningText(asked.warning),
      'The adapter was not trained on "Artery", but on "Vein", "Optic disc". The answer falls back on what ' +
        '"salt-tiny" knows of that word.',
    );
  });

  test('falls back on nothing when the base model knows no words, and the warning says so', async () => {
    const { warning } = await embedAskedWord('Artery', await adapter(), IGNORANT, has(encoder));
    assert.ok(warning);
    assert.match(
      answerWarningText(warning),
      /"sam_vit_b" knows no words of its own: expect the mask of a word/,
    );
  });

  test('is refused without that encoder: the vectors of any other mean nothing to the adapter', async () => {
    await assert.rejects(embedAskedWord('Artery', await adapter(), KNOWING, has(stranger)), {
      code: 'INVALID_ARGUMENT',
      message: /not trained on "Artery", but on "Vein", "Optic disc"\..*hashed-words-1.*not at hand/,
    });
    const clip = await adapter('clip-text/0123456789abcdef/quick_gelu');
    await assert.rejects(embedAskedWord('Artery', clip, IGNORANT, has(encoder)), {
      code: 'INVALID_ARGUMENT',
      message: /clip-text\/0123456789abcdef.*"ohif-salt models pull clip-vit-b-32"/,
      details: { words: ['Vein', 'Optic disc'], encoder: 'clip-text/0123456789abcdef/quick_gelu' },
    });
  });

  test('is refused when it is empty', async () => {
    await assert.rejects(embedAskedWord(' ', await adapter(), KNOWING, has(encoder)), {
      code: 'INVALID_ARGUMENT',
      message: /Name the structure.*"Vein", "Optic disc"/,
    });
  });
});
