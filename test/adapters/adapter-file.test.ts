import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeAdapter, encodeAdapter, requireBaseModel } from '../../src/adapters/adapter-file.ts';
import type { AdapterFile } from '../../src/adapters/adapter-file.ts';
import { ADAPTER_FORMAT, hashFrame } from '../../src/adapters/adapter-info.ts';
import type { AdapterInfo } from '../../src/adapters/adapter-info.ts';
import { parseMethod } from '../../src/adapters/method-config.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { FloatTensor } from '../../src/graph/tensor.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { parseSafetensors } from '../../src/model/checkpoint/safetensors.ts';
import { initialUnetWeights } from '../../src/model/unet.ts';
import { ERROR_CODES, SaltError } from '../../src/protocol/errors.ts';
import { TINY_SAM } from './tiny-sam.ts';

const HASH = 'ab'.repeat(32);
const SALT = '0123456789abcdef'.repeat(2);
const FRAME = await hashFrame(SALT, 'frame-1');

const INFO: AdapterInfo = {
  format: ADAPTER_FORMAT,
  software: '0.1.0',
  createdAt: '2026-01-02T03:04:05Z',
  seed: 7,
  model: { kind: 'sam', name: 'tiny', weightsHash: HASH, config: TINY_SAM },
  method: parseMethod({ method: 'salt', rank: 4 }),
  imageSize: 64,
  normalisation: 'sam',
  prompts: [
    { word: 'Vein', encoder: 'hashed-words-1/6' },
    { word: 'Artère', encoder: 'hashed-words-1/6' },
  ],
  training: { salt: SALT, frames: [FRAME], heldOut: [] },
  metrics: { dice: 0.75, hd95: null, epoch: 3 },
};

const embedding = (value: number): FloatTensor => floatTensor([6], new Float32Array(6).fill(value));

const FILE: AdapterFile = {
  info: INFO,
  values: new Map([
    ['image_encoder.blocks.0.attn.qkv.salt.alpha', floatTensor([3], Float32Array.of(1, -2, 0.5))],
    ['image_encoder.pos_embed', floatTensor([1, 1, 2, 1], Float32Array.of(0.25, 1e-30))],
  ]),
  embeddings: [embedding(1), embedding(2)],
};

const UNET = { poolings: 1, features: 2, fold: 1 as const, localContrast: false, outputs: 2 };
const UNET_FILE: AdapterFile = {
  info: {
    ...INFO,
    model: { kind: 'unet', name: 'unet', config: UNET },
    method: { method: 'full' },
    normalisation: 'field-of-view',
    prompts: [
      { word: 'artery', encoder: null },
      { word: 'vein', encoder: null },
    ],
    metrics: null,
  },
  values: initialUnetWeights(UNET, 1),
  embeddings: [undefined, undefined],
};

/** Order in the file is by name; order in the map is nobody's business. */
const sorted = ({ info, values, embeddings }: AdapterFile): unknown => ({
  info,
  embeddings,
  values: [...values].sort(([a], [b]) => (a < b ? -1 : 1)),
});

describe('an adapter file', () => {
  test('comes back as it was written, bit for bit', () => {
    for (const file of [FILE, UNET_FILE]) {
      const bytes = encodeAdapter(file);
      assert.deepEqual(sorted(decodeAdapter(bytes)), sorted(file));
      assert.deepEqual(encodeAdapter(decodeAdapter(bytes)), bytes);
    }
  });

  test('is safetensors that any reader opens, with its embeddings as tensors', () => {
    const file = parseSafetensors(encodeAdapter(FILE));
    assert.deepEqual([...file.names].sort(), [
      'image_encoder.blocks.0.attn.qkv.salt.alpha',
      'image_encoder.pos_embed',
      'prompt.0',
      'prompt.1',
    ]);
    assert.deepEqual(file.float32('prompt.1').data, embedding(2).data);
  });

  test('names frames by salted hashes only', async () => {
    assert.match(FRAME, /^[0-9a-f]{64}$/);
    assert.equal(FRAME, await hashFrame(SALT, 'frame-1'));
    assert.notEqual(FRAME, await hashFrame('00'.repeat(16), 'frame-1'));
    assert.notEqual(FRAME, await hashFrame(SALT, 'frame-2'));
    assert.ok(!new TextDecoder().decode(encodeAdapter(FILE)).includes('frame-1'));
  });
});

describe('the base model of an adapter', () => {
  test('is accepted by the hash of its weights, whatever it is called', () => {
    requireBaseModel(INFO, { name: 'the same by another name', weightsHash: HASH });
  });

  test('is refused with both hashes named', () => {
    const other = 'cd'.repeat(32);
    assert.throws(
      () => requireBaseModel(INFO, { name: 'other', weightsHash: other }),
      (error) =>
        error instanceof SaltError &&
        error.code === 'CHECKPOINT_MISMATCH' &&
        [HASH, other, '"tiny"', '"other"'].every((part) => error.message.includes(part)),
    );
  });

  test('does not exist for a U-Net', () => {
    assert.throws(() => requireBaseModel(UNET_FILE.info, { name: 'other', weightsHash: HASH }), {
      code: 'CHECKPOINT_MISMATCH',
      message: /no base model/,
    });
  });
});

describe('what is no adapter file', () => {
  const invalid = (act: () => unknown, message: RegExp, code = 'ADAPTER_INVALID'): void => {
    assert.throws(act, { code, message });
  };
  const withInfo = (json: string, tensors = FILE.values): Uint8Array =>
    encodeSafetensors(tensors, { ohif_salt_adapter: json });

  test('sides that no model is trained with, and frames of more tiles than anyone could wait for', () => {
    for (const sizes of [{ imageSize: 16_384 }, { segmentedAt: 65_536 }, { imageSize: 64, frameSize: 2112 }])
      invalid(() => encodeAdapter({ ...FILE, info: { ...INFO, ...sizes } }), /8192|32 times/);
    encodeAdapter({ ...FILE, info: { ...INFO, imageSize: 64, frameSize: 2048 } });
  });

  test('other safetensors files', () => {
    invalid(() => decodeAdapter(encodeSafetensors(FILE.values)), /no adapter/);
  });

  test('metadata that is no JSON', () => invalid(() => decodeAdapter(withInfo('{')), /not valid JSON/));

  test('a format of the future', () => {
    const json = JSON.stringify({ ...INFO, format: 'ohif-salt-adapter/2' });
    invalid(() => decodeAdapter(withInfo(json)), /format/);
  });

  test('a configuration that contradicts itself', () => {
    const config = { ...TINY_SAM, numHeads: 3 };
    const json = JSON.stringify({ ...INFO, model: { ...INFO.model, config } });
    invalid(() => decodeAdapter(withInfo(json)), /numHeads must divide embedDim/);
  });

  test('a U-Net whose words are not as many as its outputs', () => {
    const info = { ...UNET_FILE.info, prompts: UNET_FILE.info.prompts.slice(1) };
    invalid(() => encodeAdapter({ ...UNET_FILE, info, embeddings: [undefined] }), /one output for each word/);
  });

  test('a part of a U-Net, which has no base to take the rest from', () => {
    const info = { ...UNET_FILE.info, method: parseMethod({ method: 'norm' }) };
    invalid(() => encodeAdapter({ ...UNET_FILE, info }), /all its weights/);
  });

  test('embeddings that are missing, surplus, too long or of no prompt', () => {
    invalid(() => encodeAdapter({ ...FILE, embeddings: [embedding(1)] }), /embedding of 6 numbers/);
    invalid(() => encodeAdapter({ ...FILE, embeddings: [embedding(1), undefined] }), /embedding of 6/);
    const long = floatTensor([7]);
    invalid(() => encodeAdapter({ ...FILE, embeddings: [embedding(1), long] }), /embedding of 6/);
    const json = JSON.stringify(INFO);
    const prompts = { 'prompt.0': embedding(1), 'prompt.1': embedding(1), 'prompt.2': embedding(1) };
    invalid(
      () => decodeAdapter(withInfo(json, new Map(Object.entries(prompts)))),
      /prompts that it does not name/,
    );
  });

  test('numbers that are not finite, written or read', () => {
    const values = new Map([['pos', floatTensor([1], Float32Array.of(NaN))]]);
    invalid(() => encodeAdapter({ ...FILE, values }), /NaN/, 'NOT_FINITE');
    const bytes = encodeAdapter(FILE);
    const last = new DataView(bytes.buffer, bytes.byteLength - 4);
    last.setFloat32(0, Infinity, true);
    invalid(() => decodeAdapter(bytes), /Infinity/, 'NOT_FINITE');
  });

  test('damaged files: every one is a typed error or an adapter still', () => {
    const bytes = encodeAdapter(FILE);
    const check = (damaged: Uint8Array): void => {
      try {
        decodeAdapter(damaged);
      } catch (error) {
        assert.ok(error instanceof SaltError, String(error));
        assert.ok(ERROR_CODES.includes(error.code));
      }
    };
    const place = fc.nat(bytes.byteLength - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        check(damaged);
      }),
      { numRuns: 600, seed: 1 },
    );
    fc.assert(
      fc.property(place, (length) =>
        assert.throws(() => decodeAdapter(bytes.subarray(0, length)), SaltError),
      ),
      { numRuns: 200, seed: 2 },
    );
  });

  test('metadata of any JSON: every one is a typed error', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        assert.throws(() => decodeAdapter(withInfo(json)), { code: 'ADAPTER_INVALID' });
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  test('metadata with any one field taken away or replaced', () => {
    const leaves = Object.keys(INFO) as (keyof AdapterInfo)[];
    for (const field of leaves) {
      for (const value of [undefined, 'x', -1, [], {}, true]) {
        if (field === 'metrics' && value === undefined) continue;
        const json = JSON.stringify({ ...INFO, [field]: value });
        const accepted = ['software', 'normalisation'].includes(field) && value === 'x';
        const integer = field === 'seed' && value === -1;
        if (accepted || integer) continue;
        invalid(() => decodeAdapter(withInfo(json)), new RegExp(field));
      }
    }
  });
});
