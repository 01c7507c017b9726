/** CLIP's text encoder beside transformers and open_clip, on random weights. See clip.py. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Executor } from '../../src/graph/executor.ts';
import { clipTextEncoder, clipTokenizer } from '../../src/model/text/clip/index.ts';
import type { ClipTokenizer } from '../../src/model/text/clip/index.ts';
import { readClipFolder } from '../../src/model/text/clip/read-clip-folder.node.ts';
import { VOCABULARY } from '../../src/training/pretraining/vocabulary.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';

const PYTHON = process.env['OHIF_SALT_PYTHON'];
const SCRIPT = fileURLToPath(new URL('clip.py', import.meta.url));
const CONTEXT = 77;

const UNUSUAL = [
  '', '  ', 'the vein  of\tthe\nretina', "it's the patient's vein, isn't it? we'll see", '12345 mm 3.5%', 'caf\u00e9 cafe\u0301',
  'Stra\u00dfe \u0141\u00d3D\u0179', '🫀', '🩸🩺👩🏽‍⚕️', '血管', 'кровеносный сосуд', 'الأوعية الدموية', 'नस', '혈관', 'vein '.repeat(100),
  'Gef\u00e4\u00df'.repeat(40), 'x\u00a0y', '\u2163 \u00b2 \u00bd', "'S 'T 'LL", '!!!???...', '\u00c4\u00d6\u00dc', 'a_b-c/d\\e', '\u2014 \u2013 \u2026', 'K\u0301',
]; // prettier-ignore

const PHRASES = [
  ...UNUSUAL,
  ...Object.values(VOCABULARY).flatMap(({ training, heldOut }) => [
    ...training.slice(0, 22),
    ...heldOut.slice(0, 8),
  ]),
];
/** Embedded by all models. */
const EMBEDDED = [PHRASES.indexOf('Blood Vessels'), PHRASES.indexOf('🩸🩺👩🏽‍⚕️'), 14, 15];

const tokensSchema = z.object({
  transformers: z.array(z.array(z.int())),
  open_clip: z.array(z.array(z.int())),
});

describe(
  'CLIP text encoders of other programs',
  { skip: PYTHON === undefined && 'OHIF_SALT_PYTHON names no Python' },
  () => {
    let folder = '';
    let executor: Executor;
    const inFolder = (...names: string[]): string => join(folder, ...names);
    const json = async (...names: string[]): Promise<unknown> =>
      JSON.parse(await readFile(inFolder(...names), 'utf8'));

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ohif-salt-clip-'));
      await writeFile(inFolder('phrases.json'), JSON.stringify(PHRASES));
      await writeFile(inFolder('embedded.json'), JSON.stringify(EMBEDDED));
      const { status, stderr } = spawnSync(PYTHON ?? '', [SCRIPT, folder], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      ({ executor } = await openNodeDevice('cpu'));
    });
    after(async () => {
      await executor.dispose();
      await rm(folder, { recursive: true, force: true });
    });

    it('phrases have the same tokens, from either form of the tokenizer', async () => {
      assert.ok(PHRASES.length >= 200);
      const { transformers, open_clip } = tokensSchema.parse(await json('tokens.json'));
      const forms: ClipTokenizer[] = [
        clipTokenizer({ tokenizerJson: await json('one-file', 'tokenizer.json') }),
        clipTokenizer({
          vocabJson: await json('two-files', 'vocab.json'),
          mergesText: await readFile(inFolder('two-files', 'merges.txt'), 'utf8'),
        }),
      ];
      for (const tokenizer of forms) {
        assert.equal(tokenizer.size, 49_408);
        PHRASES.forEach((phrase, i) => {
          const tokens = tokenizer.encode(phrase, CONTEXT);
          assert.deepEqual(tokens, transformers[i], phrase);
          assert.deepEqual(tokens, open_clip[i], phrase);
        });
      }
    });

    for (const name of [
      'transformers-quick_gelu',
      'transformers-gelu',
      'transformers-pickle',
      'open_clip-quick_gelu',
      'open_clip-gelu',
    ]) {
      it(`embeddings agree to 1e-4: ${name}`, async () => {
        const expected = z
          .record(z.string(), z.array(z.array(z.number())))
          .parse(await json('embeddings.json'));
        await copyFile(inFolder('one-file', 'tokenizer.json'), inFolder(name, 'tokenizer.json'));
        const encoder = await clipTextEncoder({ ...(await readClipFolder(inFolder(name))), executor });
        for (const [row, index] of EMBEDDED.entries()) {
          const ours = await encoder.embed(PHRASES[index] ?? '');
          const theirs = expected[name]?.[row] ?? [];
          assert.equal(ours.length, theirs.length);
          const worst = Math.max(...ours.map((value, i) => Math.abs(value - (theirs[i] ?? NaN))));
          assert.ok(worst < 1e-4, `${PHRASES[index] ?? ''}: ${worst}`);
        }
        await encoder.dispose();
      });
    }

    it("refuses OpenAI's TorchScript program and says what to fetch instead", async () => {
      await copyFile(inFolder('one-file', 'tokenizer.json'), inFolder('torchscript', 'tokenizer.json'));
      await assert.rejects(readClipFolder(inFolder('torchscript')), {
        code: 'CHECKPOINT_INVALID',
        message: /TorchScript program.*openai\/clip-vit-base-patch32/s,
      });
    });
  },
);
