/** What `models remove` and `models import` must leave alone: what people trained, and the names of built-in models. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { samMetadata } from '../../src/model/checkpoint/load-sam.ts';
import { randomSamWeights } from '../../src/model/checkpoint/random-weights.ts';
import { encodeSafetensors } from '../../src/model/checkpoint/safetensors-writer.ts';
import { INDEX_FILE } from '../../src/model/prepared/prepared-index.ts';
import { RANDOM_SAMS } from '../../src/cli/models/random-models.ts';
import { CPU, assertFailed, run, succeed, workFolder, writeDataset } from './cli.ts';

const folder = workFolder();
const CONFIG = RANDOM_SAMS.get('random:tiny');
assert.ok(CONFIG);
const CHECKPOINT = encodeSafetensors(randomSamWeights(CONFIG, 5), samMetadata(CONFIG));
const inModels = (...path: string[]): string => join(folder, 'models', ...path);
const inFolder = (name: string): string[] => readdirSync(inModels(name)).sort();
const remove = (name: string) => run(folder, ['models', 'remove', name, '--yes']);
const importAs = (...name: string[]) =>
  run(folder, ['models', 'import', 'salt-tiny.safetensors', '--no-svd', ...name]);

before(async () => {
  writeFileSync(join(folder, 'salt-tiny.safetensors'), CHECKPOINT);
  writeDataset(folder, 'data');
  await succeed(folder, [
    ...['train', '--data', 'data', '--model', 'random:tiny', '--method', 'norm', '--steps', '1'],
    ...['--out', 'adapter.safetensors', ...CPU],
  ]);
});

describe('models remove', () => {
  test('takes the prepared model, and not the adapters and files of others in its folder', async () => {
    assert.equal((await importAs('--name', 'our')).code, 0);
    cpSync(join(folder, 'adapter.safetensors'), inModels('our/vein.safetensors'));
    for (const other of ['other.pth', 'config.json', 'weights.bin'])
      writeFileSync(inModels('our', other), 'mine');
    writeFileSync(inModels('our/shard-00001-of-00009-01234567.safetensors'), 'of an import that broke off');
    const { code, stdout } = await remove('our');
    assert.equal(code, 0, stdout);
    assert.deepEqual(inFolder('our'), ['config.json', 'other.pth', 'vein.safetensors', 'weights.bin']);
    const adapter = readFileSync(join(folder, 'adapter.safetensors'));
    assert.deepEqual(readFileSync(inModels('our/vein.safetensors')), adapter);
  });

  test('takes the checkpoint that is named, and not what lies beside it', async () => {
    assert.equal((await importAs('--name', 'pair')).code, 0);
    const prepared = inFolder('pair');
    writeFileSync(inModels('pair/a.safetensors'), CHECKPOINT);
    writeFileSync(inModels('pair/b.safetensors'), CHECKPOINT);
    cpSync(join(folder, 'adapter.safetensors'), inModels('pair/vein.safetensors'));
    assert.equal((await remove('models/pair/a.safetensors')).code, 0);
    assert.deepEqual(inFolder('pair'), [...prepared, 'b.safetensors', 'vein.safetensors'].sort());
  });

  test('takes all that was fetched of a model, in part too', async () => {
    mkdirSync(inModels('sam-vit-b-hf'));
    for (const name of ['model.safetensors', 'model.safetensors.part', 'model.safetensors.part.json']) {
      writeFileSync(inModels('sam-vit-b-hf', name), name.endsWith('s') ? CHECKPOINT : '{}');
    }
    assert.equal((await remove('sam-vit-b-hf')).code, 0);
    assert.ok(!existsSync(inModels('sam-vit-b-hf')));
  });

  test('takes a model whose index is damaged', async () => {
    assert.equal((await importAs('--name', 'torn')).code, 0);
    writeFileSync(inModels('torn', INDEX_FILE), '{');
    assert.equal((await remove('torn')).code, 0);
    assert.ok(!existsSync(inModels('torn')));
  });

  test('refuses what was trained, wherever it lies in the folder of models', async () => {
    mkdirSync(inModels('mine'), { recursive: true });
    for (const place of ['mine/vein.safetensors', 'loose.safetensors']) {
      cpSync(join(folder, 'adapter.safetensors'), inModels(place));
      for (const name of [place.split(/[/.]/u)[0] ?? '', `models/${place}`]) {
        assertFailed(await remove(name), 2, /is what "train" wrote.*delete it yourself/u);
      }
      assert.ok(existsSync(inModels(place)));
    }
  });

  test('says of a model in the box that there is nothing to remove', async () => {
    assertFailed(await remove('salt-tiny'), 2, /comes with the program.*nothing to remove/u);
    assertFailed(await remove('unet'), 2, /nothing to remove/u);
  });
});

describe('models import', () => {
  test('refuses the name of a model in the box, given or taken from the file', async () => {
    assertFailed(await importAs('--name', 'unet'), 2, /--model unet means.*another name, with --name/u);
    assertFailed(await importAs(), 2, /--model salt-tiny means.*another name, with --name/u);
    assert.ok(!existsSync(inModels('unet')) && !existsSync(inModels('salt-tiny')));
  });
});
