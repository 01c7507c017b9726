import assert from 'node:assert/strict';
import { test } from 'node:test';
import { methodFor } from '../../src/adapters/method-config.ts';
import { SAM_VIT_B } from '../../src/model/sam-config.ts';

/** As narrow as the model that ships. */
const NARROW = { ...SAM_VIT_B, embedDim: 192, outChans: 128 };

test('the ranks of SALT follow the width of the model, whichever other options are given', () => {
  const usual = methodFor(NARROW);
  const ranks = { rankAttention: 190, rankMlp: 13, rankNeck: 125, loraRank: 64 };
  assert.deepEqual({ ...usual, ...ranks }, usual);
  assert.deepEqual(methodFor(NARROW, { method: 'salt' }), usual);
  assert.deepEqual(methodFor(NARROW, { method: 'salt', lastBlocks: 1 }), { ...usual, lastBlocks: 1 });
  assert.deepEqual(methodFor(NARROW, { method: 'salt', loraRank: 9 }), { ...usual, loraRank: 9 });
  assert.deepEqual(methodFor(NARROW, { method: 'lora' }), methodFor(SAM_VIT_B, { method: 'lora' }));
});

test('those of ViT-B are the published ones, which wider models keep', () => {
  const published = { rankAttention: 760, rankMlp: 50, rankNeck: 250, loraRank: 256 };
  for (const embedDim of [768, 1280]) {
    assert.deepEqual(
      { ...methodFor({ ...SAM_VIT_B, embedDim }), ...published },
      methodFor({ ...SAM_VIT_B, embedDim }),
    );
  }
});
