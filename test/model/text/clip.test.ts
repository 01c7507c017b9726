import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DeviceTensor, Executor, Program } from '../../../src/graph/executor.ts';
import { floatTensor } from '../../../src/graph/tensor.ts';
import type { FloatTensor } from '../../../src/graph/tensor.ts';
import { bytesSource } from '../../../src/model/checkpoint/byte-source.ts';
import type { CheckpointSource } from '../../../src/model/checkpoint/checkpoint-source.ts';
import { openCheckpoint } from '../../../src/model/checkpoint/open-checkpoint.ts';
import { encodeSafetensors } from '../../../src/model/checkpoint/safetensors-writer.ts';
import {
  clipActivation,
  clipTextEncoder,
  clipTokenizer,
  hasClipText,
  loadClipText,
} from '../../../src/model/text/clip/index.ts';
import { readClipFolder } from '../../../src/model/text/clip/read-clip-folder.node.ts';
import { SaltError } from '../../../src/protocol/errors.ts';
import { openNodeDevice } from '../../../src/runtime/node.ts';
import { huggingFaceTensors, MERGES, openClipTensors, SMALL, VOCAB } from './clip-fixtures.ts';

function checkpoint(tensors: ReadonlyMap<string, FloatTensor>): Promise<CheckpointSource> {
  return openCheckpoint(bytesSource(encodeSafetensors(tensors)), 'clip.safetensors');
}

/** The third upload, or the first of another verb. */
function failingOnce(
  executor: Executor,
  verb: 'compile' | 'upload' | 'run' | 'download',
): { failing: Executor; live: ReadonlySet<DeviceTensor | Program> } {
  const live = new Set<DeviceTensor | Program>();
  let left = verb === 'upload' ? 3 : 1;
  const passes = (done: typeof verb): void => {
    if (done === verb && --left === 0) throw new SaltError('OUT_OF_MEMORY', `no memory to ${verb}`);
  };
  const counted = (tensor: DeviceTensor): DeviceTensor => {
    const dispose = tensor.dispose.bind(tensor);
    tensor.dispose = () => {
      live.delete(tensor);
      dispose();
    };
    live.add(tensor);
    return tensor;
  };
  const failing: Executor = {
    device: executor.device,
    async compile(model, options) {
      passes('compile');
      const inner = await executor.compile(model, options);
      const program: Program = {
        async run(feeds) {
          passes('run');
          const outputs = await inner.run(feeds);
          Object.values(outputs).forEach(counted);
          return outputs;
        },
        async dispose() {
          live.delete(program);
          await inner.dispose();
        },
      };
      live.add(program);
      return program;
    },
    async upload(tensor) {
      passes('upload');
      return counted(await executor.upload(tensor));
    },
    async download(tensor) {
      passes('download');
      return executor.download(tensor);
    },
    dispose: () => executor.dispose(),
  };
  return { failing, live };
}

const mergesText = `#version: 0.2\n${MERGES.join('\n')}\n`;
const tokenizer = clipTokenizer({ vocabJson: VOCAB, mergesText });
const LONG = 'a vein, an artery and a Gefäß';

/** By transformers 5.23's CLIPTextModelWithProjection and CLIPTokenizer, on the fixture's weights and vocabulary. */
const TOKENS = {
  Vein: [517, 514, 518],
  [LONG]: [517, 320, 514, 267, 64, 333, 515, 516, 81, 344, 64, 518],
};
const EMBEDDINGS = {
  quick_gelu: {
    Vein: [
      -0.023604, 0.400425, -0.284343, -0.117709, -0.411766, 0.227682, -0.186507, -0.149353, 0.259591,
      -0.098576, -0.190956, 0.303639, 0.417089, -0.292653, -0.008004, 0.02182,
    ],
    [LONG]: [
      0.00992, 0.084074, -0.223386, -0.185608, -0.275476, 0.133616, 0.100308, 0.160296, 0.332457, -0.008617,
      -0.14259, -0.02514, -0.511333, 0.157746, 0.348066, -0.48982,
    ],
  },
  gelu: {
    Vein: [
      -0.026703, 0.399466, -0.280935, -0.119647, -0.41268, 0.228598, -0.184125, -0.149896, 0.25971, -0.099169,
      -0.191059, 0.303543, 0.418833, -0.292628, -0.00682, 0.022728,
    ],
    [LONG]: [
      0.003791, 0.082961, -0.221585, -0.186589, -0.276487, 0.135052, 0.101963, 0.15957, 0.330853, -0.009723,
      -0.141275, -0.024437, -0.511172, 0.158532, 0.35082, -0.488904,
    ],
  },
};

describe("CLIP's text encoder", () => {
  let executor: Executor;
  before(async () => {
    ({ executor } = await openNodeDevice('cpu'));
  });
  after(() => executor.dispose());

  for (const activation of ['quick_gelu', 'gelu'] as const) {
    test(`embeds as transformers does, from either layout (${activation})`, async () => {
      const ids = new Set<string>();
      for (const tensors of [huggingFaceTensors(), openClipTensors()]) {
        const weights = await loadClipText(await checkpoint(tensors), activation);
        assert.deepEqual(weights.config, { ...SMALL, activation });
        const encoder = await clipTextEncoder({ weights, tokenizer, executor });
        for (const [phrase, expected] of Object.entries(EMBEDDINGS[activation])) {
          const embedding = await encoder.embed(phrase);
          assert.equal(embedding.length, SMALL.dimension);
          const worst = Math.max(...expected.map((value, i) => Math.abs(value - (embedding[i] ?? NaN))));
          assert.ok(worst < 2e-6, `${phrase}: ${worst}`);
        }
        await encoder.dispose();
        ids.add(encoder.id);
      }
      assert.equal(ids.size, 1, 'the same weights have the same id, whatever the file');
      assert.match([...ids].join(), new RegExp(`^clip-text/[0-9a-f]{16}/${activation}$`));
    });
  }

  for (const verb of ['compile', 'upload', 'run', 'download'] as const) {
    test(`embeds after a first phrase that failed (${verb}), and leaves nothing on the device`, async () => {
      const weights = await loadClipText(await checkpoint(huggingFaceTensors()), 'gelu');
      const { failing, live } = failingOnce(executor, verb);
      const encoder = await clipTextEncoder({ weights, tokenizer, executor: failing });
      await assert.rejects(encoder.embed('Vein'), { code: 'OUT_OF_MEMORY' });
      if (verb === 'compile' || verb === 'upload') assert.equal(live.size, 0);
      const embedding = await encoder.embed('Vein');
      const worst = Math.max(
        ...EMBEDDINGS.gelu.Vein.map((value, i) => Math.abs(value - (embedding[i] ?? NaN))),
      );
      assert.ok(worst < 2e-6, String(worst));
      await encoder.dispose();
      assert.equal(live.size, 0);
    });
  }

  test('is disposed of while its loading fails', async () => {
    const weights = await loadClipText(await checkpoint(huggingFaceTensors()), 'gelu');
    const { failing, live } = failingOnce(executor, 'upload');
    const encoder = await clipTextEncoder({ weights, tokenizer, executor: failing });
    const refused = assert.rejects(encoder.embed('Vein'), { code: 'OUT_OF_MEMORY' });
    await encoder.dispose();
    await refused;
    assert.equal(live.size, 0);
  });

  test('refuses an empty phrase, and a tokenizer of another vocabulary', async () => {
    const weights = await loadClipText(await checkpoint(huggingFaceTensors()), 'gelu');
    const encoder = await clipTextEncoder({ weights, tokenizer, executor });
    await assert.rejects(encoder.embed(' '), { code: 'INVALID_ARGUMENT' });
    const other = clipTokenizer({ vocabJson: { ...VOCAB, veins: 519 }, mergesText });
    await assert.rejects(clipTextEncoder({ weights, tokenizer: other, executor }), {
      code: 'CHECKPOINT_MISMATCH',
      message: /520 tokens.*519/,
    });
  });
});

describe("CLIP's tokenizer", () => {
  test('gives the tokens that transformers gives, cut to the context with its end kept', () => {
    for (const [phrase, expected] of Object.entries(TOKENS)) {
      assert.deepEqual(tokenizer.encode(phrase, SMALL.context), expected, phrase);
    }
    assert.equal(tokenizer.end, 518);
    assert.equal(tokenizer.encode('vein '.repeat(100), 77).length, 77);
  });

  test('refuses files that are not CLIP’s', () => {
    const refused = (files: Parameters<typeof clipTokenizer>[0], message: RegExp): void => {
      assert.throws(() => clipTokenizer(files), { code: 'CHECKPOINT_INVALID', message });
    };
    refused({ tokenizerJson: { model: { type: 'WordPiece' } } }, /tokenizer\.json \(model\.type/);
    refused({ vocabJson: ['a'], mergesText }, /vocab\.json/);
    refused({ vocabJson: VOCAB, mergesText: 'one two three' }, /merges\.txt/);
    refused({ vocabJson: { a: 0 }, mergesText: '' }, /<\|startoftext\|>/);
  });
});

describe('CLIP checkpoints', () => {
  test('are found beside an image encoder and under prefixes', async () => {
    const tensors = new Map([...openClipTensors()].map(([name, tensor]) => [`module.${name}`, tensor]));
    tensors.set('module.visual.proj', floatTensor([2, 2]));
    assert.ok(hasClipText([...tensors.keys()]));
    const { weights } = await loadClipText(await checkpoint(tensors), 'gelu');
    assert.deepEqual(weights, (await loadClipText(await checkpoint(openClipTensors()), 'gelu')).weights);
    assert.ok(!hasClipText(['image_encoder.pos_embed']));
    assert.ok(!hasClipText(['some_token_embedding.weight']));
  });

  test('that lack tensors are refused, with all that is wrong', async () => {
    const tensors = huggingFaceTensors();
    tensors.delete('text_projection.weight');
    tensors.set('text_model.final_layer_norm.bias', floatTensor([3]));
    await assert.rejects(loadClipText(await checkpoint(tensors), 'gelu'), {
      code: 'CHECKPOINT_MISMATCH',
      message:
        /text_projection\.weight is missing; text_model\.final_layer_norm\.bias is \[3\], expected \[128\]/,
    });
    await assert.rejects(loadClipText(await checkpoint(new Map([['a', floatTensor([1])]])), 'gelu'), {
      code: 'CHECKPOINT_MISMATCH',
      message: /holds no CLIP text encoder/,
    });
  });

  test('with NaN are refused', async () => {
    const source = await checkpoint(huggingFaceTensors());
    const spoilt: CheckpointSource = {
      ...source,
      float32: async (name) => {
        const tensor = await source.float32(name);
        return name.includes('q_proj.weight')
          ? floatTensor(tensor.shape, tensor.data.map(() => NaN))
          : tensor;
      },
    }; // prettier-ignore
    await assert.rejects(loadClipText(spoilt, 'gelu'), { code: 'NOT_FINITE', message: /qkv\.weight/ });
  });

  test('say their activation in the configuration beside them', () => {
    assert.equal(clipActivation({ model_type: 'clip', text_config: {} }), 'quick_gelu');
    assert.equal(clipActivation({ model_type: 'clip', text_config: { hidden_act: 'gelu' } }), 'gelu');
    assert.equal(clipActivation({ model_type: 'clip_text_model', hidden_act: 'quick_gelu' }), 'quick_gelu');
    assert.equal(clipActivation({ model_cfg: { embed_dim: 512 } }), 'gelu');
    assert.equal(clipActivation({ model_cfg: { quick_gelu: true } }), 'quick_gelu');
    for (const other of [
      { model_type: 'bert' },
      { model_type: 'clip', text_config: { hidden_act: 'relu' } },
    ]) {
      assert.throws(() => clipActivation(other), { code: 'CHECKPOINT_INVALID' });
    }
  });
});

describe('a folder with CLIP', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohif-salt-clip-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('is read whole, or says what it lacks', async () => {
    const put = (name: string, content: string | Uint8Array): Promise<void> =>
      writeFile(join(folder, name), content);
    const lacks = (message: RegExp): Promise<void> =>
      assert.rejects(readClipFolder(folder), { code: 'FILE_UNREADABLE', message });
    await lacks(/no weights\..*clip-vit-base-patch32/);
    await put('model.safetensors', encodeSafetensors(huggingFaceTensors()));
    await lacks(/no config\.json or open_clip_config\.json/);
    await put('config.json', '{');
    await lacks(/no tokenizer/);
    await put('vocab.json', JSON.stringify(VOCAB));
    await put('merges.txt', mergesText);
    await lacks(/config\.json is not valid JSON/);
    await put('config.json', JSON.stringify({ model_type: 'clip', text_config: {} }));
    const read = await readClipFolder(folder);
    assert.deepEqual(read.weights.config, { ...SMALL, activation: 'quick_gelu' });
    assert.deepEqual(read.tokenizer.encode('Vein', 77), TOKENS.Vein);
    await assert.rejects(readClipFolder(join(folder, 'absent')), { code: 'FILE_UNREADABLE' });
  });
});
