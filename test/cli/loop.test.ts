import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { encodeAdapter } from '../../src/adapters/index.ts';
import type { AdapterInfo } from '../../src/adapters/index.ts';
import { generateXray } from '../../src/generator/xray/xray.ts';
import { floatTensor } from '../../src/graph/tensor.ts';
import { decodeDicom } from '../../src/imaging/dicom/dicom-file.ts';
import { readSeg } from '../../src/imaging/dicom/seg-read.ts';
import { maskFromImage } from '../../src/imaging/mask.ts';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { writeImage } from '../imaging/dicom-writer.ts';
import {
  CPU,
  TINY_UNET,
  assertFailed,
  linesOf,
  readAdapterFile,
  run,
  succeed,
  trainLines,
  workFolder,
  writeDataset,
} from './cli.ts';

const summarySchema = z.object({ mean: z.number().nullable(), std: z.number().nullable(), n: z.int() });
const evaluationSchema = z.strictObject({
  word: z.string(),
  flips: z.int(),
  images: z.array(
    z.strictObject({
      id: z.string(),
      insideFieldOfView: z.boolean(),
      scores: z.object({ dice: z.number().min(0).max(1), hd95: z.number().min(0) }),
    }),
  ),
  summary: z.object({
    images: z.int(),
    metrics: z.object({ dice: summarySchema, hd95: summarySchema }),
  }),
  problems: z.array(z.string()),
});
const segmentationSchema = z.strictObject({
  frames: z.array(
    z.strictObject({
      input: z.string(),
      frame: z.int().min(1),
      word: z.string(),
      mask: z.string(),
      pixels: z.int().min(0),
    }),
  ),
  segmentations: z.array(z.strictObject({ input: z.string(), path: z.string() })),
  problems: z.array(z.string()),
});

const folder = workFolder();
writeDataset(folder, 'frames');

const evaluate = async (...args: string[]) =>
  evaluationSchema.parse(
    JSON.parse((await succeed(folder, ['evaluate', '--data', 'frames', '--json', ...CPU, ...args])).stdout),
  );

describe('a U-Net from the command line', () => {
  test('learns, is scored on the test split inside fields of view, and draws masks', async () => {
    const trained = await succeed(folder, [
      ...['train', '--data', 'frames', ...TINY_UNET, '--steps', '40', '--out', 'unet.safetensors', '--json'],
      ...CPU,
    ]);
    const lines = trainLines(trained.stdout);
    const steps = linesOf(lines, 'step');
    assert.equal(steps.length, 40);
    const [result] = linesOf(lines, 'result');
    assert.equal(lines.at(-1), result);
    assert.equal(result?.adapter, 'unet.safetensors');
    const scores = linesOf(lines, 'evaluation').map(({ score }) => score.dice);
    assert.equal(result.score?.dice, Math.max(...scores.slice(1)));
    assert.ok(result.score.dice > (scores[0] ?? 1) + 0.1, `${scores[0]} -> ${result.score.dice}`);
    assert.equal(existsSync(join(folder, 'unet.safetensors.resume')), false);

    const { info } = readAdapterFile(folder, 'unet.safetensors');
    assert.deepEqual(info.model, {
      kind: 'unet',
      name: 'unet',
      config: { poolings: 2, features: 4, fold: 1, localContrast: false, outputs: 1 },
    });
    assert.deepEqual([info.training.frames.length, info.training.heldOut.length], [3, 2]);
    assert.equal(info.metrics?.dice, result.score.dice);

    const scored = await evaluate('--adapter', 'unet.safetensors', '--split', 'test', '--flips', '1');
    assert.deepEqual(
      scored.images.map(({ id, insideFieldOfView }) => [id, insideFieldOfView]),
      [
        ['f3', true],
        ['f4', true],
      ],
    );
    // The best was chosen by these frames, so that both ways of scoring must agree.
    assert.equal(scored.summary.metrics.dice.mean, result.score.dice);
    assert.equal(scored.word, 'Vein');

    const drawn = await succeed(folder, [
      ...['segment', '--adapter', 'unet.safetensors', '--prompt', 'Vein', 'frames', '--out', 'masks'],
      ...['--json', ...CPU],
    ]);
    const { frames, segmentations, problems } = segmentationSchema.parse(JSON.parse(drawn.stdout));
    assert.deepEqual([frames.length, segmentations, problems], [5, [], []]);
    assert.deepEqual(
      readdirSync(join(folder, 'masks')).sort(),
      [0, 1, 2, 3, 4].map((i) => `f${i}.png`),
    );
    const mask = await maskFromImage(readFileSync(join(folder, 'masks/f3.png')), 'f3.png');
    assert.deepEqual([mask.width, mask.height], [64, 64]);
    assert.equal(
      mask.data.reduce((sum, value) => sum + value, 0),
      frames.find(({ input }) => input.endsWith('f3.png'))?.pixels,
    );
    assert.equal(
      mask.data.some((value, i) => value === 1 && i % 64 >= 60),
      false,
      'outside the field of view',
    );
  });

  test('answers to a word it was not taught with what it knows, and says so', async () => {
    const { stdout, stderr } = await succeed(folder, [
      ...['segment', '--adapter', 'unet.safetensors', '--prompt', 'Bone', 'frames/images/f0.png'],
      ...['--out', 'bones', ...CPU],
    ]);
    assert.match(stderr, /knows "Vein" only.*"Bone"/u);
    assert.match(stdout, /Wrote 1 mask/u);
  });

  test('segments every frame of a DICOM file, and writes a segmentation that trains and evaluates again', async () => {
    const side = 64;
    const pictures = [1, 2, 3].map((seed) => generateXray(seed, side, 'angiogram'));
    const pixels = Uint8Array.from(pictures.flatMap(({ frame }) => [...frame.pixels].map(Math.round)));
    mkdirSync(join(folder, 'study'));
    writeFileSync(
      join(folder, 'study/run.dcm'),
      writeImage({ rows: side, columns: side, frames: pictures.length, pixels }),
    );
    await succeed(folder, ['segment', '--adapter', 'unet.safetensors', 'study', '--out', 'drawn', ...CPU]);
    assert.deepEqual(readdirSync(join(folder, 'drawn')).sort(), [
      'run.seg.dcm',
      'run_frame1.png',
      'run_frame2.png',
      'run_frame3.png',
    ]);
    const seg = readSeg(await decodeDicom(readFileSync(join(folder, 'drawn/run.seg.dcm')), 'run.seg.dcm'));
    assert.deepEqual(
      seg.segments.map(({ label, algorithmType }) => [label, algorithmType]),
      [['Vein', 'AUTOMATIC']],
    );
    const second = await maskFromImage(readFileSync(join(folder, 'drawn/run_frame2.png')), 'run_frame2.png');
    assert.deepEqual((await seg.frames[1]?.mask())?.data, second.data);

    const files = ['--dicom', 'study/run.dcm', 'drawn/run.seg.dcm'];
    const again = await succeed(folder, [
      ...['evaluate', '--adapter', 'unet.safetensors', ...files, '--json', ...CPU],
    ]);
    const { images, summary } = evaluationSchema.parse(JSON.parse(again.stdout));
    assert.deepEqual([images.length, summary.metrics.dice.mean, summary.metrics.hd95.mean], [3, 1, 0]);
    const trained = await succeed(folder, [
      ...[
        'train',
        ...files,
        '--model',
        'unet.safetensors',
        '--steps',
        '2',
        '--out',
        'more.safetensors',
        '--json',
      ],
      ...CPU,
    ]);
    // One patient: frames of one run are on both sides, which must be said.
    assert.match(trained.stderr, /look better than they are/u);
    assert.equal(linesOf(trainLines(trained.stdout), 'step').length, 2);
  });
});

describe('SAM with SALT from the command line', () => {
  test('lowers its loss, and its adapter finds the base model by itself', async () => {
    const { stdout } = await succeed(folder, [
      ...['train', '--data', 'frames', '--model', 'random:tiny', '--method', 'salt', '--rank', '8'],
      ...['--lora-rank', '4', '--lr', '0.1', '--steps', '40', '--augment', 'none', '--batch', '3'],
      ...['--prompt', 'Vein', '--out', 'salt.safetensors', '--json', ...CPU],
    ]);
    const lines = trainLines(stdout);
    const losses = linesOf(lines, 'step').map(({ loss }) => loss.total);
    const [first = NaN, last = NaN] = [losses[0], losses.at(-1)];
    assert.ok(last < 0.9 * first, `${first} -> ${last}`);

    const { info, embeddings } = readAdapterFile(folder, 'salt.safetensors');
    assert.equal(info.model.kind === 'sam' && info.model.name, 'random:tiny');
    assert.deepEqual(embeddings[0]?.shape, [32]);

    const [result] = linesOf(lines, 'result');
    const scored = await evaluate('--adapter', 'salt.safetensors', '--split', 'test');
    // Training merges the adapter on the same device in the same way.
    assert.equal(scored.summary.metrics.dice.mean, result?.score?.dice);
    const before = await evaluate('--model', 'random:tiny');
    assert.equal(before.images.length, 5);

    const { stdout: drawn, stderr } = await succeed(folder, [
      ...['segment', '--adapter', 'salt.safetensors', '--prompt', 'vein', '--prompt', 'Bone', '--json'],
      ...['frames/images/f0.png', '--out', 'sam', ...CPU],
    ]);
    const { frames } = segmentationSchema.parse(JSON.parse(drawn));
    assert.deepEqual(
      frames.map(({ word, mask }) => [word, mask]),
      [
        ['vein', join('sam', 'f0_vein.png')],
        ['Bone', join('sam', 'f0_bone.png')],
      ],
    );
    assert.match(stderr, /not trained on "Bone".*"Vein"/u);
    assert.doesNotMatch(stderr, /not trained on "vein"/u);
  });

  test('merged into one checkpoint or one ONNX file, it draws what the adapter draws', async () => {
    const merge = ['merge', ...CPU, '--adapter', 'salt.safetensors', '--out'];
    const { stderr } = await succeed(folder, [...merge, 'merged.safetensors']);
    assert.match(stderr, /as --model, and --image-size 64 --no-subtract --prompt "Vein"/u);
    await succeed(folder, [...merge, 'merged.onnx']);
    const mask = async (...model: string[]): Promise<Buffer> => {
      await succeed(folder, [
        ...['segment', ...model, '--prompt', 'Vein', 'frames/images/f0.png', '--out', 'compare', ...CPU],
      ]);
      return readFileSync(join(folder, 'compare', 'f0.png'));
    };
    const adapted = await mask('--adapter', 'salt.safetensors');
    assert.deepEqual(await mask('--model', 'merged.safetensors', '--image-size', '64'), adapted);

    const { executor } = await openNodeDevice('cpu', { threads: 1 });
    const program = await executor.compile(readFileSync(join(folder, 'merged.onnx')));
    const { logits, ...others } = await program.run({
      image: await executor.upload(floatTensor([1, 3, 64, 64])),
      text_embedding: await executor.upload(floatTensor([1, 32])),
    });
    assert.deepEqual(logits?.shape, [1, 1, 64, 64]);
    assert.deepEqual(others, {});
    await executor.dispose();
  });

  test('merged into a checkpoint, says at which size it draws them, and is refused where none would', async () => {
    const { info, ...file } = readAdapterFile(folder, 'salt.safetensors');
    const write = (name: string, changes: Partial<AdapterInfo>): void =>
      writeFileSync(join(folder, name), encodeAdapter({ ...file, info: { ...info, ...changes } }));
    write('enlarged.safetensors', { segmentedAt: 96 });
    write('tiles.safetensors', { segmentedAt: 96, frameSize: 80 });
    write('clip.safetensors', { prompts: [{ word: 'Vein', encoder: 'clip-text/1' }] });
    write('beside.safetensors', { model: { ...info.model, name: 'merged.safetensors' } });
    const merge = (name: string, out: string, ...more: string[]) =>
      run(folder, ['merge', '--adapter', `${name}.safetensors`, '--out', out, ...more, ...CPU]);

    assert.match((await merge('enlarged', 'as-enlarged.safetensors')).stderr, /--image-size 96/u);
    const mask = async (...model: string[]): Promise<Buffer> => {
      await succeed(folder, ['segment', ...model, 'frames/images/f0.png', '--out', 'compare', ...CPU]);
      return readFileSync(join(folder, 'compare', 'f0.png'));
    };
    assert.deepEqual(
      await mask('--model', 'as-enlarged.safetensors', '--image-size', '96'),
      await mask('--adapter', 'enlarged.safetensors'),
    );
    assertFailed(await merge('tiles', 'no.safetensors'), 2, /tiles of 64 px.*Keep to the adapter/u);
    assertFailed(await merge('clip', 'no.safetensors'), 2, /clip-text\/1.*Keep to the adapter/u);
    assert.match((await merge('tiles', 'tiles.onnx')).stderr, /tiles of 96 px.* is 120 px/u);
    // The base that it finds by itself is not written over.
    assertFailed(await merge('beside', './merged.safetensors'), 2, /would replace merged\.safetensors/u);
    const sized = await merge('enlarged', 'no.onnx', '--image-size', '128');
    assertFailed(sized, 2, /--image-size is for a U-Net's ONNX file/u);
  });
});
