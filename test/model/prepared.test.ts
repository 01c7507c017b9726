import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { floatTensor } from '../../src/graph/tensor.ts';
import type { FloatTensor, Shape } from '../../src/graph/tensor.ts';
import { bytesSource } from '../../src/model/checkpoint/byte-source.ts';
import type { CheckpointSource } from '../../src/model/checkpoint/checkpoint-source.ts';
import { loadSamWeights } from '../../src/model/checkpoint/load-sam.ts';
import { openCheckpoint } from '../../src/model/checkpoint/open-checkpoint.ts';
import { randomSamWeights, randomTextAffine } from '../../src/model/checkpoint/random-weights.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { weightsHash } from '../../src/model/checkpoint/weights-hash.ts';
import { openPrepared } from '../../src/model/prepared/open-prepared.ts';
import { prepareModel } from '../../src/model/prepared/prepare.ts';
import { parsePreparedIndex } from '../../src/model/prepared/prepared-index.ts';
import type { PreparedIndex } from '../../src/model/prepared/prepared-index.ts';
import { recognise } from '../../src/model/prepared/recognise.ts';
import { roundingMeter } from '../../src/model/prepared/rounding.ts';
import { loadClipText } from '../../src/model/text/clip/load-clip-text.ts';
import { SAM_VIT_B, samConfigSchema } from '../../src/model/sam-config.ts';
import { huggingFaceName } from './checkpoint-hf-names.ts';

const CONFIG = samConfigSchema.parse({
  ...SAM_VIT_B,
  depth: 2,
  embedDim: 32,
  numHeads: 2,
  imageSize: 64,
  patchSize: 8,
  windowSize: 3,
  globalAttnIndexes: [1],
  outChans: 32,
  decoderMlpDim: 64,
  promptEmbedDim: 32,
  maskInChans: 8,
  iouHeadHiddenDim: 32,
  textDim: 32,
});

const open = (
  tensors: ReadonlyMap<string, FloatTensor>,
  dtype: 'F32' | 'F16' = 'F32',
): Promise<CheckpointSource> =>
  openCheckpoint(
    bytesSource(encodeSafetensors(tensors, { origin: 'a test' }, { dtype })),
    'model.safetensors',
  );

/** The model and its shards, in memory. */
async function prepare(
  source: CheckpointSource,
  shardBytes = 50_000,
): Promise<{ index: PreparedIndex; shards: Map<string, Uint8Array>; opened: CheckpointSource }> {
  const shards = new Map<string, Uint8Array>();
  const sink = {
    write: async ({ name }: { name: string }, bytes: Uint8Array) => void shards.set(name, bytes),
  };
  const options = { name: 'tiny', source: { file: 'model.safetensors' }, shardBytes };
  const made = await prepareModel(source, recognise(source), sink, options);
  const index = parsePreparedIndex(JSON.stringify(made), 'model.json');
  const opened = openPrepared(index, async ({ name }) => bytesSource(shards.get(name) ?? new Uint8Array()));
  return { index, shards, opened };
}

describe('a prepared SAM', () => {
  const weights = randomSamWeights(CONFIG, 3);
  const textAffine = randomTextAffine(CONFIG, 3);

  it('is the model rounded to float16, in shards of at most the size asked for', async () => {
    const { index, shards, opened } = await prepare(await open(new Map([...weights, ...textAffine])));
    const loaded = await loadSamWeights(opened);
    const half = await loadSamWeights(await open(new Map([...weights, ...textAffine]), 'F16'));
    assert.deepEqual(loaded, { ...half, config: loaded.config });
    assert.equal(loaded.config.embedDim, 32);
    assert.equal(index.weightsHash, await weightsHash(loaded.weights));
    assert.ok(shards.size > 3);
    const large = Object.entries(index.tensors).filter(
      ([, { shape }]) => shape.reduce((a, b) => a * b, 2) > 50_000,
    );
    for (const [number, { bytes }] of index.shards.entries()) {
      // The header comes on top; a tensor larger than a shard has one to itself.
      const alone = large.some(([, { shard }]) => shard === number);
      assert.ok(alone || bytes < 50_000 + 10_000, `shard ${number}: ${bytes}`);
    }
  });

  it('says who named its tensors, also where something stands before every name', async () => {
    const under = (prefix: string, rename: (name: string) => string) =>
      open(new Map([...weights].map(([name, tensor]) => [prefix + rename(name), tensor])));
    for (const prefix of ['', 'module.']) {
      assert.equal(recognise(await under(prefix, huggingFaceName)).naming, 'Hugging Face');
      assert.equal(recognise(await under(prefix, (name) => name)).naming, 'Meta');
    }
  });

  it('says what it was made from and what rounding cost', async () => {
    const { index } = await prepare(await open(weights));
    assert.deepEqual(index.source, { file: 'model.safetensors', naming: 'Meta', dtypes: ['F32'] });
    assert.match(index.architecture, /^SAM, 2 blocks of width 32, made for 64 px$/u);
    assert.equal(index.metadata.origin, 'a test');
    const { numberError, tensorError } = index.rounding;
    assert.ok(numberError > 1e-4 && numberError <= 2 ** -11, String(numberError));
    assert.ok(tensorError > 1e-4 && tensorError <= 2 ** -11, String(tensorError));
  });

  it('made of float16 loses nothing, and prepared twice is the same', async () => {
    const once = await prepare(await open(weights, 'F16'));
    assert.deepEqual(once.index.rounding, {
      ...once.index.rounding,
      tensorError: 0,
      numberError: 0,
      vanished: 0,
    });
    assert.deepEqual(once.index.source.dtypes, ['F16']);
    const twice = await prepare(once.opened);
    assert.deepEqual(twice.index.shards, once.index.shards);
    assert.equal(twice.index.weightsHash, once.index.weightsHash);
  });

  it('is refused when a number does not fit float16', async () => {
    const spoiled = new Map(weights);
    const [name = '', tensor] = [...weights][0] ?? [];
    spoiled.set(
      name,
      floatTensor(
        tensor?.shape ?? [],
        Float32Array.from(tensor?.data ?? [], () => 1e5),
      ),
    );
    await assert.rejects(prepare(await open(spoiled)), { code: 'NOT_FINITE', message: /does not fit F16/u });
  });

  it('is refused when a shard is not as the index says', async () => {
    const { index, shards } = await prepare(await open(weights));
    const [first] = index.shards;
    assert.ok(first);
    const cut = openPrepared(index, async ({ name, bytes }) =>
      bytesSource(
        (shards.get(name) ?? new Uint8Array()).subarray(0, name === first.name ? bytes - 1 : bytes),
      ),
    );
    await assert.rejects(loadSamWeights(cut), {
      code: 'CHECKPOINT_INVALID',
      message: /import the model again/u,
    });
    const name = 'image_encoder.pos_embed';
    const lying = { ...index, tensors: { ...index.tensors, [name]: { shape: [1, 16, 4, 32], shard: 0 } } };
    const opened = openPrepared(lying, async (file) =>
      bytesSource(shards.get(file.name) ?? new Uint8Array()),
    );
    await assert.rejects(opened.float32(name), { code: 'CHECKPOINT_INVALID', message: /in its shard/u });
  });

  it('has an index that names nothing outside its folder', async () => {
    const { index } = await prepare(await open(weights));
    const [shard, ...others] = index.shards;
    const parse = (changed: unknown) => () => parsePreparedIndex(JSON.stringify(changed), 'model.json');
    for (const name of ['../secret', '/etc/passwd', 'a\\b', '.hidden', '']) {
      assert.throws(
        parse({ ...index, shards: [{ ...shard, name }, ...others] }),
        { code: 'CHECKPOINT_INVALID' },
        name,
      );
    }
    assert.throws(parse({ ...index, shards: [shard] }), /in a shard that it does not name/u);
    assert.throws(parse({ ...index, format: 'ohif-salt-model-2' }), { code: 'CHECKPOINT_INVALID' });
    assert.throws(() => parsePreparedIndex('{', 'model.json'), /not valid JSON/u);
  });
});

describe('a CLIP', () => {
  const WIDTH = 64;
  const tensor = (...shape: number[]): FloatTensor =>
    floatTensor(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 256),
    );
  const block = (prefix: string, parts: Record<string, Shape>): [string, FloatTensor][] =>
    Object.entries(parts).map(([name, shape]) => [`${prefix}.${name}`, tensor(...shape)]);
  const linear = (inputs: number, outputs: number): [Shape, Shape] => [[outputs, inputs], [outputs]];
  const layers = (prefix: string, parts: Record<string, [Shape, Shape]>): [string, FloatTensor][] =>
    Object.entries(parts).flatMap(([name, [weight, bias]]) => block(`${prefix}.${name}`, { weight, bias }));
  const square = linear(WIDTH, WIDTH);
  const norm: [Shape, Shape] = [[WIDTH], [WIDTH]];
  const HUGGING_FACE = new Map<string, FloatTensor>([
    ['logit_scale', tensor(1)],
    ['text_model.embeddings.position_ids', tensor(1, 7)],
    ['text_model.embeddings.position_embedding.weight', tensor(7, WIDTH)],
    ['text_model.embeddings.token_embedding.weight', tensor(50, WIDTH)],
    ...layers('text_model.encoder.layers.0', {
      layer_norm1: norm,
      'self_attn.q_proj': square,
      'self_attn.k_proj': square,
      'self_attn.v_proj': square,
      'self_attn.out_proj': square,
      layer_norm2: norm,
      'mlp.fc1': linear(WIDTH, 8),
      'mlp.fc2': linear(8, WIDTH),
    }),
    ...layers('text_model', { final_layer_norm: norm }),
    ['text_projection.weight', tensor(4, WIDTH)],
    ['vision_model.post_layernorm.weight', tensor(12)],
    ['visual_projection.weight', tensor(4, 12)],
  ]);
  const openAiBlock = (index: number): [string, FloatTensor][] => [
    ...layers(`transformer.resblocks.${index}`, {
      ln_1: norm,
      'attn.out_proj': square,
      ln_2: norm,
      'mlp.c_fc': linear(WIDTH, 8),
      'mlp.c_proj': linear(8, WIDTH),
    }),
    ...block(`transformer.resblocks.${index}.attn`, {
      in_proj_weight: [3 * WIDTH, WIDTH],
      in_proj_bias: [3 * WIDTH],
    }),
  ];
  const OPEN_AI = new Map<string, FloatTensor>([
    ['positional_embedding', tensor(7, WIDTH)],
    ['text_projection', tensor(WIDTH, 4)],
    ['logit_scale', tensor(1)],
    ['visual.proj', tensor(12, 4)],
    ['visual.transformer.resblocks.0.ln_1.weight', tensor(12)],
    ...openAiBlock(0),
    ...openAiBlock(1),
    ['token_embedding.weight', tensor(50, WIDTH)],
    ...layers('', { ln_final: norm }).map(([name, value]): [string, FloatTensor] => [name.slice(1), value]),
  ]);

  it('gives its text half, whoever named its tensors', async () => {
    const hf = recognise(await open(HUGGING_FACE));
    assert.equal(
      hf.architecture,
      'CLIP text encoder, 1 blocks of width 64, 50 words, phrases of 7, embeddings of 4',
    );
    assert.deepEqual([hf.kind, hf.naming, hf.leftOut], ['clip-text', 'Hugging Face', 4]);
    assert.ok(![...hf.tensors.keys()].some((name) => /vision|visual|logit|position_ids/u.test(name)));
    const openAi = recognise(await open(OPEN_AI));
    assert.match(openAi.architecture, /2 blocks of width 64, 50 words, phrases of 7, embeddings of 4/u);
    assert.deepEqual([openAi.naming, openAi.leftOut], ['OpenAI', 3]);
  });

  it('is prepared like a SAM', async () => {
    const { index, opened } = await prepare(await open(HUGGING_FACE, 'F16'));
    assert.equal(index.kind, 'clip-text');
    const expected = await loadClipText(await open(HUGGING_FACE, 'F16'), 'quick_gelu');
    assert.deepEqual(await loadClipText(opened, 'quick_gelu'), expected);
    assert.equal(recognise(opened).naming, 'Hugging Face');
  });

  it('without a part is refused by the name of that part', async () => {
    const without = new Map(HUGGING_FACE);
    without.delete('text_projection.weight');
    const source = await open(without);
    assert.throws(() => recognise(source), {
      code: 'CHECKPOINT_MISMATCH',
      message: /text_projection\.weight is missing/u,
    });
  });
});

it('what is neither is refused', async () => {
  const source = await open(new Map([['weight', floatTensor([2, 2])]]));
  assert.throws(() => recognise(source), { code: 'CHECKPOINT_MISMATCH', message: /no SAM/u });
});

it('rounding is measured as a share of each tensor, and of each number that is not tiny', () => {
  const meter = roundingMeter();
  meter.add('exact', Float32Array.of(1, 2, 0), Float32Array.of(1, 2, 0));
  meter.add('tiny', Float32Array.of(3e-9, -3e-9), Float32Array.of(0, 0));
  meter.add('half lost', Float32Array.of(3, 4), Float32Array.of(3, 4.5));
  const { tensor, tensorError, numberError, vanished } = meter.worst();
  assert.deepEqual([tensor, tensorError, vanished], ['tiny', 1, 2]);
  assert.equal(numberError, 0.125);
});
