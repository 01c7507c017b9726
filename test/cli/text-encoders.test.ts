import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encodersAtHand, openClip } from '../../src/cli/models/text-encoders.ts';
import type { Executor } from '../../src/graph/executor.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { hashedTextEncoder } from '../../src/model/text/hashed-text-encoder.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { huggingFaceTensors, MERGES, SMALL, VOCAB } from '../model/text/clip-fixtures.ts';

describe('text encoders on this machine', () => {
  const own = { ...hashedTextEncoder(SMALL.dimension), id: 'own' };
  const previous = process.env.OHIF_SALT_MODELS;
  let models = '';
  let executor: Executor;
  before(async () => {
    models = await mkdtemp(join(tmpdir(), 'ohif-salt-encoders-'));
    process.env.OHIF_SALT_MODELS = models;
    ({ executor } = await openNodeDevice('cpu'));
  });
  after(async () => {
    if (previous === undefined) delete process.env.OHIF_SALT_MODELS;
    else process.env.OHIF_SALT_MODELS = previous;
    await executor.dispose();
    await rm(models, { recursive: true, force: true });
  });

  test('are the model’s own, hashed words, and CLIP once it has been fetched', async () => {
    const find = encodersAtHand(own, executor);
    assert.equal(await find('own'), own);
    assert.equal((await find('hashed-words-1/16'))?.id, 'hashed-words-1/16');
    assert.equal(await find('built-in-1/0123456789abcdef'), undefined);
    assert.equal(await find('clip-text/0123456789abcdef/gelu'), undefined);
    await assert.rejects(openClip('clip-vit-b-32', executor), {
      code: 'MODEL_UNKNOWN',
      message: /models pull clip-vit-b-32/,
    });

    const folder = join(models, 'clip-vit-b-32');
    await mkdir(folder);
    await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(huggingFaceTensors()));
    await writeFile(join(folder, 'config.json'), '{"model_type":"clip","text_config":{}}');
    await writeFile(join(folder, 'vocab.json'), JSON.stringify(VOCAB));
    await writeFile(join(folder, 'merges.txt'), MERGES.join('\n'));
    const byName = await openClip('clip-vit-b-32', executor);
    const byFolder = await openClip(folder, executor);
    assert.deepEqual(await byName.embed('vein'), await byFolder.embed('vein'));
    assert.equal((await find(byName.id))?.id, byName.id);
  });
});
