import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { encodeMergedSam } from '../../src/adapters/index.ts';
import { samTensors } from '../../src/inference/sam-base.ts';
import { randomSamWeights, randomTextAffine } from '../../src/model/checkpoint/random-weights.ts';
import { filesOf } from '../../src/cli/data.ts';
import { RANDOM_SAMS } from '../../src/cli/models/random-models.ts';
import { pretrainingSettingsSchema } from '../../src/training/pretraining/settings.ts';
import { encodePretrainingState } from '../../src/training/pretraining/state.ts';
import { writeImage } from '../imaging/dicom-writer.ts';
import { CPU, TINY_UNET, assertFailed, run, succeed, workFolder, writeDataset } from './cli.ts';

const folder = workFolder();

before(() => {
  writeDataset(folder, 'frames');
  for (const empty of ['empty', 'nomasks/images', 'nomasks/masks', 'cut']) {
    mkdirSync(join(folder, empty), { recursive: true });
  }
  const picture = writeImage({ rows: 32, columns: 32, pixels: new Uint8Array(32 * 32) });
  writeFileSync(join(folder, 'nomasks/images/a.dcm'), picture);
  writeFileSync(join(folder, 'cut/run.dcm'), picture.subarray(0, picture.length - 300));
  writeFileSync(join(folder, 'notes.txt'), 'no model');
});

const train = (...args: string[]) => run(folder, ['train', '--out', 'a.safetensors', ...CPU, ...args]);

describe('wrong usage ends with 2 and what to change', () => {
  test('no subcommand that exists', async () => {
    assert.equal((await run(folder, ['trian'])).code, 2);
  });

  test('no data', async () => assertFailed(await train(...TINY_UNET, '--steps', '1'), 2, /--data/u));

  test('no budget, or two', async () => {
    assertFailed(await train(...TINY_UNET, '--data', 'frames'), 2, /--minutes, --epochs and --steps/u);
    const both = await train(...TINY_UNET, '--data', 'frames', '--steps', '1', '--epochs', '1');
    assertFailed(both, 2, /one of/u);
  });

  test('an option that the method does not have', async () => {
    const done = await train(
      '--model',
      'random:tiny',
      '--data',
      'frames',
      '--steps',
      '1',
      '--method',
      'lora',
      '--lora-rank',
      '4',
    );
    assertFailed(done, 2, /"lora" has no --lora-rank/u);
  });

  test('an archive of two kinds, and one asked for twice over', async () => {
    const serve = (...args: string[]) => run(folder, ['serve', ...args]);
    const at = ['--dicomweb', 'http://127.0.0.1:9/dicom-web'];
    assertFailed(await serve(...at, '--data', 'frames'), 2, /either --dicomweb or --data/u);
    const token = ['--dicomweb-token-file', 'none.txt'];
    assertFailed(await serve('--data', 'frames', ...token), 2, /need --dicomweb/u);
    assertFailed(await serve(...at, '--dicomweb-user', 'a:b', ...token), 2, /either --dicomweb-user or/u);
  });

  test('an adapting method for a U-Net', async () => {
    const done = await train(...TINY_UNET, '--data', 'frames', '--steps', '1', '--method', 'salt');
    assertFailed(done, 2, /trains in full/u);
  });

  test('a number that is none', async () => {
    const { code, stderr } = await train(...TINY_UNET, '--data', 'frames', '--steps', 'many');
    assert.equal(code, 2);
    assert.match(stderr, /--steps.*whole number/u);
  });

  test('options that the model does not have', async () => {
    const budget = ['--data', 'frames', '--steps', '1'];
    const ofSam = ['--tiles', '320', '--no-detail', '--text-encoder', 'x'];
    assertFailed(
      await train(...TINY_UNET, ...budget, ...ofSam),
      2,
      /A U-Net has no --tiles, --no-detail, --text-encoder: leave/u,
    );
    const ofUnet = ['--pretrained', '--unet-depth', '3'];
    const sam = await train('--model', 'random:tiny', ...budget, ...ofUnet);
    assertFailed(sam, 2, /A SAM has no --pretrained, --unet-depth/u);
    const head = await train('--model', 'unet', ...budget, ...ofUnet);
    assertFailed(head, 2, /from the head of salt-tiny has no --unet-depth/u);
    const segment = [
      'segment',
      'frames/images/f0.png',
      '--out',
      'out',
      '--model',
      'unet',
      '--image-size',
      '64',
    ];
    assertFailed(await run(folder, [...segment, ...CPU]), 2, /A U-Net has no --image-size/u);
  });

  test('masks where they would replace the images, or those of a data set', async () => {
    const image = 'frames/images/f0.png';
    const drawn = 'frames/masks/f0_mask.png';
    const before = [image, drawn].map((path) => readFileSync(join(folder, path)));
    const segment = (...args: string[]) =>
      run(folder, ['segment', '--model', 'random:tiny', ...CPU, ...args]);
    assertFailed(await segment(image, '--out', 'frames/images'), 2, /replace the image .*f0\.png: choose/u);
    assertFailed(await segment('frames', '--out', 'frames/images/.'), 2, /replace the image/u);
    for (const out of ['frames/masks', 'frames/masks_vein', 'frames/fov']) {
      assertFailed(await segment(image, '--out', out), 2, /beside its images\/.*another folder/u);
    }
    const words = ['--prompt', 'Vein', '--prompt', 'Bone'];
    assert.equal((await segment(image, '--out', 'frames/images/../drafts', ...words)).code, 0);
    assert.deepEqual(
      [image, drawn].map((path) => readFileSync(join(folder, path))),
      before,
    );
  });

  test('a result in place of the model that it comes from', async () => {
    const unet = ['train', '--data', 'frames', '--steps', '1', ...CPU];
    await succeed(folder, [...unet, ...TINY_UNET, '--out', 'going.safetensors']);
    const before = readFileSync(join(folder, 'going.safetensors'));
    const going = [...unet, '--model', 'going.safetensors', '--out'];
    assertFailed(
      await run(folder, [...going, './going.safetensors']),
      2,
      /would replace going\.safetensors/u,
    );
    const merge = ['merge', ...CPU, '--adapter', 'going.safetensors', '--out'];
    assertFailed(await run(folder, [...merge, 'going.safetensors']), 2, /would replace going\.safetensors/u);
    assert.deepEqual(readFileSync(join(folder, 'going.safetensors')), before);
  });

  test('a split that the data set does not have', async () => {
    const done = await run(folder, [
      'evaluate',
      '--model',
      'random:tiny',
      '--data',
      'frames',
      '--split',
      'val',
      ...CPU,
    ]);
    assertFailed(done, 2, /there are train, test/u);
  });
});

describe('unusable data and models end with 3', () => {
  const budget = ['--steps', '1'];

  test('a folder without images/', async () => {
    assertFailed(await train(...TINY_UNET, ...budget, '--data', 'empty'), 3, /no images\/ and masks\//u);
  });

  test('frames without masks', async () => {
    assertFailed(await train(...TINY_UNET, ...budget, '--data', 'nomasks'), 3, /no frame with a mask/u);
  });

  test('a folder that is not there', async () => {
    assertFailed(await train(...TINY_UNET, ...budget, '--data', 'nowhere'), 3, /nowhere/u);
  });

  test('a truncated DICOM file: reported, while others are segmented', async () => {
    const args = ['segment', '--model', 'random:tiny', '--out', 'out', ...CPU];
    const { code, stdout, stderr } = await run(folder, [...args, 'cut/run.dcm', 'nomasks/images/a.dcm']);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /run\.dcm.*(?:truncated|short|ends|bytes)/iu);
    assert.match(stdout, /Wrote 1 mask\(s\) and 1 DICOM segmentation/u);
  });

  test('a model that nobody knows, and a file that is none', async () => {
    assertFailed(
      await train('--model', 'sam-huge', ...budget, '--data', 'frames'),
      3,
      /no model "sam-huge".*random:tiny/u,
    );
    assertFailed(
      await train('--model', 'notes.txt', ...budget, '--data', 'frames'),
      3,
      /notes\.txt.*neither/u,
    );
  });

  test('an adapter on another base model than its own', async () => {
    const config = RANDOM_SAMS.get('random:tiny');
    assert.ok(config);
    const other = {
      name: 'other',
      weightsHash: '',
      config,
      weights: randomSamWeights(config, 2),
      textAffine: randomTextAffine(config, 3),
    };
    const merged = encodeMergedSam(samTensors(other, config.imageSize, 1), { config }, config.imageSize);
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, 'models/other.safetensors'), merged);
    await succeed(folder, [
      ...['train', '--data', 'frames', '--model', 'random:tiny', '--method', 'norm', '--steps', '1'],
      ...['--out', 'norm.safetensors', ...CPU],
    ]);
    const args = ['segment', '--adapter', 'norm.safetensors', 'frames/images/f0.png', '--out', 'out', ...CPU];
    const wrong = await run(folder, [...args, '--model', 'other']);
    assertFailed(wrong, 3, /belongs to "random:tiny".*"other\.safetensors"/u);
    assertFailed(await run(folder, [...args, '--image-size', '64']), 2, /An adapter,.* has no --image-size/u);
    // By itself it is a model like any other, and one that was taught words.
    await succeed(folder, ['segment', '--model', 'other', 'frames/images/f0.png', '--out', 'out', ...CPU]);
    const inspected = await succeed(folder, ['models', 'inspect', 'other', '--json']);
    assert.match(inspected.stdout, /"knowsWords": true/u);
  });

  test('a place where nothing can be written', async () => {
    const args = [
      'train',
      '--data',
      'frames',
      ...TINY_UNET,
      ...budget,
      '--out',
      'notes.txt/a.safetensors',
      ...CPU,
    ];
    assertFailed(await run(folder, args), 3, /Cannot write notes\.txt\/a\.safetensors/u);
  });

  test('a folder of the name of the adapter, before anything is trained', async () => {
    const args = ['train', '--data', 'frames', ...TINY_UNET, '--steps', '1', '--out', 'empty', '--json'];
    assertFailed(await run(folder, [...args, ...CPU]), 3, /Cannot write empty\. There is a folder/u);
  });

  test('a file where the folder of demo or pretrain should be', async () => {
    for (const command of ['demo', 'pretrain'])
      assertFailed(await run(folder, [command, '--out', 'notes.txt']), 3, /^Cannot write notes\.txt/u);
  });

  test('a folder in which hours of pretraining lie, unless they are gone on with', async () => {
    const state = {
      step: 7,
      elapsedSeconds: 9,
      history: [],
      values: new Map(),
      first: new Map(),
      second: new Map(),
    };
    const bytes = encodePretrainingState({
      settings: pretrainingSettingsSchema.parse({ steps: 8, seed: 1 }),
      ...state,
    });
    mkdirSync(join(folder, 'hours'));
    writeFileSync(join(folder, 'hours/state.safetensors'), bytes);
    const pretrain = (...args: string[]) =>
      run(folder, ['pretrain', '--out', 'hours', '--steps', '1', ...args]);
    assertFailed(
      await pretrain(),
      2,
      /^hours holds what a run has done\. Add --resume .* delete that folder/u,
    );
    assert.deepEqual(readFileSync(join(folder, 'hours/state.safetensors')), Buffer.from(bytes));
    assertFailed(await pretrain('--resume'), 3, /other settings/u);
  });

  test('a folder that may not be read', async () => {
    const locked = join(folder, 'locked');
    mkdirSync(locked, 0o000);
    // Whoever is root may read everything.
    const isRoot = process.geteuid?.() === 0;
    chmodSync(folder, 0o755);
    if (isRoot) process.seteuid?.(65534);
    try {
      await assert.rejects(filesOf([locked]), {
        code: 'FILE_UNREADABLE',
        message: /locked could not be read/u,
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

describe('device and memory end with 4', () => {
  test('a device that is not there', async () => {
    const done = await run(folder, [
      'train',
      '--data',
      'frames',
      ...TINY_UNET,
      '--steps',
      '1',
      '--out',
      'a.safetensors',
      '--device',
      'cuda',
    ]);
    assertFailed(done, 4, /cuda does not work here/u);
  });

  test('less memory than one step takes, with what to do', async () => {
    const done = await train(...TINY_UNET, '--data', 'frames', '--steps', '1', '--max-memory', '100KB');
    assertFailed(done, 4, /needs about .* Choose a smaller batch/u);
  });
});
