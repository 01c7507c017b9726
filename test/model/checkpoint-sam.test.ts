import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { floatTensor, sizeOf, type FloatTensor, type Shape } from '../../src/graph/tensor.ts';
import { bytesSource } from '../../src/model/checkpoint/byte-source.ts';
import { selectPrefix, type CheckpointSource } from '../../src/model/checkpoint/checkpoint-source.ts';
import type { Misshapen } from '../../src/model/checkpoint/compare-tensors.ts';
import { inferSamConfig } from '../../src/model/checkpoint/infer-config.ts';
import { loadSamWeights, samMetadata } from '../../src/model/checkpoint/load-sam.ts';
import { openSafetensors } from '../../src/model/checkpoint/safetensors.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { randomSamWeights, randomTextAffine } from '../../src/model/checkpoint/random-weights.ts';
import { expectedTensors } from '../../src/model/checkpoint/sam-tensors.ts';
import { weightsHash } from '../../src/model/checkpoint/weights-hash.ts';
import {
  isGlobalBlock,
  SAM_VIT_B,
  SAM_VIT_H,
  SAM_VIT_L,
  samConfigSchema,
  type SamConfig,
} from '../../src/model/sam-config.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import { huggingFaceName } from './checkpoint-hf-names.ts';

const TINY: SamConfig = {
  ...SAM_VIT_B,
  depth: 4,
  embedDim: 32,
  numHeads: 2,
  imageSize: 96,
  windowSize: 4,
  globalAttnIndexes: [1, 3],
  outChans: 16,
  promptEmbedDim: 16,
  decoderMlpDim: 24,
  iouHeadHiddenDim: 20,
  textDim: 12,
};

type Tensors = Map<string, FloatTensor>;

const sourceOf = (tensors: Tensors, metadata: Record<string, string> = {}): Promise<CheckpointSource> =>
  openSafetensors(bytesSource(encodeSafetensors(tensors, metadata)));

const shapesOf = (config: SamConfig): Map<string, Shape> =>
  new Map(expectedTensors(config).map(({ name, shape }) => [name, shape]));

const withoutTextDim = (config: SamConfig): SamConfig => ({ ...config, textDim: SAM_VIT_B.textDim });

describe('SamConfig', () => {
  it('describes the published models: number of tensors and of parameters', () => {
    const parameters = (config: SamConfig): number =>
      expectedTensors(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    // Counted from Meta's modules; the fixed 2 x 128 frequencies are among them.
    assert.deepEqual([parameters(SAM_VIT_B), expectedTensors(SAM_VIT_B).length], [93_735_728, 314]);
    assert.deepEqual([parameters(SAM_VIT_L), expectedTensors(SAM_VIT_L).length], [312_343_088, 482]);
    assert.deepEqual([parameters(SAM_VIT_H), expectedTensors(SAM_VIT_H).length], [641_090_864, 594]);
    for (const config of [SAM_VIT_B, SAM_VIT_L, SAM_VIT_H, TINY])
      assert.ok(samConfigSchema.safeParse(config).success);
  });

  it('refuses numbers that do not go together', () => {
    for (const bad of [
      { numHeads: 5 },
      { imageSize: 100 },
      { outChans: 20, promptEmbedDim: 20 },
      { promptEmbedDim: 8 },
      { decoderNumHeads: 3 },
      { globalAttnIndexes: [4] },
      { depth: 0 },
      { surprise: 1 },
    ]) {
      assert.equal(samConfigSchema.safeParse({ ...TINY, ...bad }).success, false, JSON.stringify(bad));
    }
  });

  it('makes every block global when there is no window', () => {
    assert.ok(isGlobalBlock({ ...TINY, windowSize: 0 }, 0));
    assert.deepEqual([isGlobalBlock(TINY, 0), isGlobalBlock(TINY, 1)], [false, true]);
  });
});

describe('inferSamConfig', () => {
  it('recognises ViT-B, L, H and a small model from shapes alone', () => {
    for (const config of [SAM_VIT_B, SAM_VIT_L, SAM_VIT_H, withoutTextDim(TINY)]) {
      assert.deepEqual(inferSamConfig(shapesOf(config)), config);
    }
  });

  it('recognises a grid smaller than the window, all blocks windowed, all blocks global', () => {
    const small = withoutTextDim({ ...TINY, imageSize: 48 });
    assert.deepEqual(inferSamConfig(shapesOf(small)), small);
    const windowed = withoutTextDim({ ...TINY, globalAttnIndexes: [] });
    assert.deepEqual(inferSamConfig(shapesOf(windowed)), windowed);
    const global = inferSamConfig(shapesOf({ ...TINY, windowSize: 0, globalAttnIndexes: [] }));
    assert.deepEqual([global.windowSize, global.globalAttnIndexes], [0, [0, 1, 2, 3]]);
  });

  it('recognises global blocks whose tables were left at another size', () => {
    const shapes = shapesOf(SAM_VIT_B);
    shapes.set('image_encoder.pos_embed', [1, 32, 32, 768]);
    const config = inferSamConfig(shapes);
    assert.deepEqual(config, { ...SAM_VIT_B, imageSize: 512 });
  });

  it('takes a pruned model, whose MLP is no whole multiple of its width', () => {
    const pruned = { ...SAM_VIT_B, embedDim: 168, mlpRatio: 696 / 168 };
    assert.equal(shapesOf(pruned).get('image_encoder.blocks.0.mlp.lin1.weight')?.[0], 696);
    assert.deepEqual(inferSamConfig(shapesOf(pruned)), pruned);
  });

  it('says so when there is no image encoder, or no model could have such shapes', () => {
    const mismatch = (pattern: RegExp) => (error: unknown) =>
      error instanceof SaltError && error.code === 'CHECKPOINT_MISMATCH' && pattern.test(error.message);
    assert.throws(() => inferSamConfig(new Map([['conv.weight', [1]]])), mismatch(/holds no SAM/));
    const odd = shapesOf(TINY);
    for (let i = 0; i < 4; i += 1) odd.set(`image_encoder.blocks.${i}.attn.rel_pos_h`, [7, 5]);
    assert.throws(() => inferSamConfig(odd), mismatch(/numHeads/));
    const endless = shapesOf(TINY).set('image_encoder.blocks.99999999999999999999.norm1.weight', [32]);
    assert.equal(inferSamConfig(endless).depth, endless.size);
  });
});

describe('loadSamWeights', () => {
  const weights = randomSamWeights(TINY, 1);

  it('gives back every weight under its name, with the configuration', async () => {
    const loaded = await loadSamWeights(await sourceOf(weights));
    assert.deepEqual(loaded.config, withoutTextDim(TINY));
    assert.deepEqual(loaded.weights, weights);
    assert.equal(loaded.textAffine, undefined);
  });

  it('takes the configuration from the metadata where shapes do not tell, and from the caller first', async () => {
    const config = { ...TINY, decoderNumHeads: 2 };
    const source = await sourceOf(weights, samMetadata(config));
    assert.deepEqual((await loadSamWeights(source)).config, config);
    assert.deepEqual((await loadSamWeights(source, { config: TINY })).config, TINY);
    for (const text of ['{', '{"depth":1}']) {
      await assert.rejects(
        loadSamWeights(await sourceOf(weights, { sam_config: text })),
        (error) =>
          error instanceof SaltError &&
          error.code === 'CHECKPOINT_INVALID' &&
          /sam_config/.test(error.message),
      );
    }
  });

  it('ignores pixel statistics and gives the text affine layer apart', async () => {
    const affine = randomTextAffine(TINY, 2);
    const extra: Tensors = new Map([...weights, ...affine, ['pixel_mean', floatTensor([3, 1, 1])]]);
    const loaded = await loadSamWeights(await sourceOf(extra));
    assert.deepEqual(loaded.config, TINY);
    assert.deepEqual(loaded.weights, weights);
    assert.deepEqual(loaded.textAffine, affine);
  });

  it('takes off what wrappers put before every name', async () => {
    const wrapped: Tensors = new Map([...weights].map(([name, tensor]) => [`module.sam.${name}`, tensor]));
    assert.deepEqual((await loadSamWeights(await sourceOf(wrapped))).weights, weights);
    const among: Tensors = new Map([...weights].map(([name, tensor]) => [`weights/${name}`, tensor]));
    among.set('input/image', floatTensor([1]));
    const selected = selectPrefix(await sourceOf(among), 'weights/');
    assert.deepEqual((await loadSamWeights(selected)).weights, weights);
  });

  it("reads Hugging Face's names, with and without the second copy of the shared positions", async () => {
    const named: Tensors = new Map([...weights].map(([name, tensor]) => [huggingFaceName(name), tensor]));
    const shared = named.get('shared_image_embedding.positional_embedding');
    assert.ok(shared);
    const copied: Tensors = new Map([
      ...named,
      ['prompt_encoder.shared_embedding.positional_embedding', shared],
    ]);
    assert.equal(copied.size, weights.size + 1);
    for (const tensors of [named, copied]) {
      const loaded = await loadSamWeights(await sourceOf(tensors));
      assert.deepEqual(loaded.weights, weights);
    }
  });

  it('accepts position tables made for another input size', async () => {
    const resized: Tensors = new Map(weights);
    resized.set('image_encoder.pos_embed', floatTensor([1, 8, 8, 32]));
    resized.set('image_encoder.blocks.1.attn.rel_pos_h', floatTensor([31, 16]));
    const loaded = await loadSamWeights(await sourceOf(resized), { config: TINY });
    assert.deepEqual(loaded.weights.get('image_encoder.pos_embed')?.shape, [1, 8, 8, 32]);
    assert.deepEqual(loaded.weights.get('image_encoder.blocks.1.attn.rel_pos_h')?.shape, [31, 16]);
  });

  it('lists all that is missing, surplus and misshapen in one error', async () => {
    const broken: Tensors = new Map(weights);
    broken.delete('image_encoder.neck.0.weight');
    broken.delete('mask_decoder.iou_token.weight');
    broken.set('image_encoder.blocks.0.attn.q.weight', floatTensor([1]));
    broken.set('image_encoder.blocks.2.mlp.lin1.bias', floatTensor([127]));
    broken.set('image_encoder.blocks.0.attn.rel_pos_w', floatTensor([9, 16]));
    broken.set('image_encoder.blocks.1.attn.rel_pos_w', floatTensor([10, 16]));
    await assert.rejects(loadSamWeights(await sourceOf(broken), { config: TINY }), (error) => {
      assert.ok(error instanceof SaltError);
      assert.equal(error.code, 'CHECKPOINT_MISMATCH');
      assert.deepEqual(error.details['missing'], [
        'image_encoder.neck.0.weight',
        'mask_decoder.iou_token.weight',
      ]);
      assert.deepEqual(error.details['surplus'], ['image_encoder.blocks.0.attn.q.weight']);
      const misshapen = error.details['misshapen'] as readonly Misshapen[];
      assert.deepEqual(misshapen.map(({ name }) => name).sort(), [
        'image_encoder.blocks.0.attn.rel_pos_w', // windowed: its size is the window's
        'image_encoder.blocks.1.attn.rel_pos_w', // global, but no table has an even length
        'image_encoder.blocks.2.mlp.lin1.bias',
      ]);
      assert.match(error.message, /2 missing \(image_encoder.neck.0.weight, mask_decoder.iou_token.weight\)/);
      assert.match(error.message, /mlp.lin1.bias is \[127\], expected \[128\]/);
      return true;
    });
  });

  it('keeps the message short when everything is missing, and the details whole', async () => {
    const encoder: Tensors = new Map([...weights].filter(([name]) => name.startsWith('image_encoder')));
    await assert.rejects(loadSamWeights(await sourceOf(encoder)), (error) => {
      assert.ok(error instanceof SaltError && error.message.length < 1500);
      assert.match(error.message, /and \d+ more/);
      assert.ok((error.details['missing'] as readonly string[]).length > 100);
      return true;
    });
  });

  it('names the tensor that is not finite', async () => {
    const name = 'mask_decoder.transformer.norm_final_attn.bias';
    const source = await sourceOf(weights);
    const spoiled: CheckpointSource = {
      ...source,
      float32: (asked) =>
        asked === name
          ? Promise.resolve(floatTensor([16], new Float32Array(16).fill(NaN, 1)))
          : source.float32(asked),
    };
    await assert.rejects(
      loadSamWeights(spoiled),
      (error) =>
        error instanceof SaltError &&
        error.code === 'NOT_FINITE' &&
        error.details['tensor'] === name &&
        error.details['index'] === 1,
    );
  });
});

describe('randomSamWeights', () => {
  it('gives equal weights for equal seeds, others for others', async () => {
    const hash = await weightsHash(randomSamWeights(TINY, 5));
    assert.equal(await weightsHash(randomSamWeights(TINY, 5)), hash);
    assert.notEqual(await weightsHash(randomSamWeights(TINY, 6)), hash);
  });

  it('starts each kind of tensor as it should', () => {
    const weights = randomSamWeights({ ...TINY, embedDim: 96 }, 3);
    const spread = (name: string): number => {
      const { data } = weights.get(name) ?? floatTensor([0]);
      return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
    };
    assert.equal(spread('image_encoder.blocks.0.norm1.weight'), 1);
    assert.equal(spread('image_encoder.blocks.0.norm1.bias'), 0);
    assert.equal(spread('image_encoder.blocks.0.attn.qkv.bias'), 0);
    const near = (actual: number, expected: number): void =>
      assert.ok(Math.abs(actual / expected - 1) < 0.1, `${actual} is not near ${expected}`);
    near(spread('image_encoder.blocks.0.attn.qkv.weight'), 1 / Math.sqrt(3 * 96));
    near(spread('image_encoder.patch_embed.proj.weight'), 1 / Math.sqrt(3 * 768));
    near(spread('mask_decoder.output_upscaling.0.weight'), 1 / Math.sqrt(3 * 16));
    near(spread('image_encoder.pos_embed'), 0.02);
  });
});

describe('weightsHash', () => {
  const one = floatTensor([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
  const two = floatTensor([1], Float32Array.of(7));

  it('is the SHA-256 of the sorted names, shapes and tensor hashes', async () => {
    const { createHash } = await import('node:crypto');
    const hex = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
    const lines = `a\t1\t${hex(new Uint8Array(two.data.buffer))}\nb\t2,3\t${hex(new Uint8Array(one.data.buffer))}\n`;
    assert.equal(
      await weightsHash(
        new Map([
          ['b', one],
          ['a', two],
        ]),
      ),
      hex(lines),
    );
  });

  it('ignores order and memory layout, and sees names, shapes and single bits', async () => {
    const hash = await weightsHash(new Map([['a', one]]));
    const shared = new Float32Array(new SharedArrayBuffer(28), 4, 6);
    shared.set(one.data);
    assert.equal(await weightsHash(new Map([['a', floatTensor([2, 3], shared)]])), hash);
    const other = new Map([
      ['name', await weightsHash(new Map([['b', one]]))],
      ['shape', await weightsHash(new Map([['a', floatTensor([3, 2], one.data)]]))],
      [
        'one bit',
        await weightsHash(new Map([['a', floatTensor([2, 3], Float32Array.of(1, 2, 3, 4, 5, -6))]])),
      ],
    ]);
    assert.equal(new Set([hash, ...other.values()]).size, 4);
  });
});
