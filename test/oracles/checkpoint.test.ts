/** Our reader and writer beside PyTorch, safetensors and transformers. See checkpoint.py. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { openFileSource } from '../../src/model/checkpoint/file-source.node.ts';
import { loadSamWeights, type SamWeights } from '../../src/model/checkpoint/load-sam.ts';
import { openCheckpoint } from '../../src/model/checkpoint/open-checkpoint.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { SaltError } from '../../src/protocol/errors.ts';
import type { CheckpointSource } from '../../src/model/checkpoint/checkpoint-source.ts';

const PYTHON = process.env['OHIF_SALT_PYTHON'];
const SCRIPT = fileURLToPath(new URL('checkpoint.py', import.meta.url));

const expectedSchema = z.object({
  accepted: z.record(
    z.string(),
    z.record(z.string(), z.object({ shape: z.array(z.int()), sha256: z.string() })),
  ),
  refused: z.record(z.string(), z.string()),
  huggingFace: z.boolean(),
});
const reportSchema = z.object({
  written: z.literal(true),
  huggingFace: z.object({ embedding: z.number(), masks: z.number(), iou: z.number() }).optional(),
});

function python(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON ?? '', [SCRIPT, ...args], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

describe(
  'checkpoints of other programs',
  { skip: PYTHON === undefined && 'OHIF_SALT_PYTHON names no Python' },
  () => {
    let folder = '';
    let expected: z.infer<typeof expectedSchema>;

    const using = async <T>(
      name: string,
      use: (checkpoint: CheckpointSource) => T | Promise<T>,
    ): Promise<T> => {
      const source = await openFileSource(join(folder, name));
      try {
        return await use(await openCheckpoint(source, name));
      } finally {
        await source.close();
      }
    };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ohif-salt-checkpoints-'));
      python('make', folder);
      expected = expectedSchema.parse(JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    it('every tensor of every file is read bit for bit', async () => {
      let compared = 0;
      for (const [file, tensors] of Object.entries(expected.accepted)) {
        await using(file, async (checkpoint) => {
          for (const [name, { shape, sha256 }] of Object.entries(tensors)) {
            const tensor = await checkpoint.float32(name);
            assert.deepEqual(tensor.shape, shape, `${file} ${name}`);
            const { buffer, byteOffset, byteLength } = tensor.data;
            const hash = createHash('sha256')
              .update(new Uint8Array(buffer, byteOffset, byteLength))
              .digest('hex');
            assert.equal(hash, sha256, `${file} ${name}`);
            compared += 1;
          }
        });
      }
      assert.ok(compared > 2000);
    });

    it('what asks for code is refused by name, and no code runs', async () => {
      for (const [file, asked] of Object.entries(expected.refused)) {
        await assert.rejects(
          using(file, () => undefined),
          (error) =>
            error instanceof SaltError &&
            error.code === 'CHECKPOINT_REFUSED' &&
            error.message.includes(asked),
          file,
        );
      }
      assert.equal(existsSync(join(folder, 'harm')), false);
    });

    it('older and scripted files are refused with what to do', async () => {
      await assert.rejects(
        using('legacy.pth', () => undefined),
        /before PyTorch 1.6.*save it again/,
      );
      await assert.rejects(
        using('script.pth', () => undefined),
        /TorchScript program/,
      );
    });

    it('one SAM is the same in every file, and PyTorch reads what we write', async (t) => {
      const loaded: SamWeights[] = [];
      for (const file of [
        'state.pth',
        'medsam-training.pth',
        'lightning.pth',
        'double.pth',
        'f32.safetensors',
      ]) {
        loaded.push(await using(file, (checkpoint) => loadSamWeights(checkpoint)));
      }
      const [first, ...others] = loaded;
      assert.ok(first);
      for (const other of others) assert.deepEqual(other, first);
      await writeFile(join(folder, 'written-f32.safetensors'), encodeSafetensors(first.weights));
      await writeFile(
        join(folder, 'written-f16.safetensors'),
        encodeSafetensors(first.weights, {}, { dtype: 'F16' }),
      );
      if (expected.huggingFace) {
        const { weights } = await using('hugging-face/model.safetensors', (checkpoint) =>
          loadSamWeights(checkpoint),
        );
        await writeFile(join(folder, 'hugging-face-as-meta.safetensors'), encodeSafetensors(weights));
      }
      const report = reportSchema.parse(JSON.parse(python('check', folder)));
      if (!report.huggingFace)
        return t.diagnostic('Without transformers, names of Hugging Face were not compared.');
      // The same weights in Meta's modules and in transformers' give the same masks.
      for (const [output, error] of Object.entries(report.huggingFace))
        assert.ok(error < 1e-4, `${output}: ${error}`);
      t.diagnostic(`relative differences ${JSON.stringify(report.huggingFace)}`);
    });
  },
);
