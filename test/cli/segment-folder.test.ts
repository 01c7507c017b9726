import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { encodeFramePng, encodeMaskPng, maskFromImage } from '../../src/imaging/mask.ts';
import { writeImage } from '../imaging/dicom-writer.ts';
import { CPU, run, workFolder } from './cli.ts';

const SIDE = 32;
const folder = workFolder();

const pixels = (): Float32Array => Float32Array.from({ length: SIDE * SIDE }, (_, i) => (i * 37) % 256);
/** A field of view of one row. */
const row = (y: number, height = SIDE): Uint8Array => {
  const data = new Uint8Array(SIDE * height).fill(1, y * SIDE, (y + 1) * SIDE);
  return encodeMaskPng({ width: SIDE, height, data });
};

before(() => {
  for (const part of ['images', 'FOV']) mkdirSync(join(folder, part), { recursive: true });
  const write = (path: string, bytes: Uint8Array): void => writeFileSync(join(folder, path), bytes);
  const still = encodeFramePng({ width: SIDE, height: SIDE, channels: 1, pixels: pixels() });
  const twice = Uint8Array.from([...pixels(), ...pixels()]);
  write('images/run.dcm', writeImage({ rows: SIDE, columns: SIDE, frames: 2, pixels: twice }));
  for (const name of ['run_frame1.png', 'odd.png', 'z.png']) write(`images/${name}`, still);
  write('FOV/odd_fov.png', row(3, SIDE / 2));
  write('FOV/z_fov.png', row(5));
  write('FOV/run_f2.png', row(7));
});

describe('segment of a folder of a data set', () => {
  test('writes every mask under a name of its own, inside its field of view', async () => {
    const random = ['--model', 'random:tiny', '--prompt', 'Vein', '--threshold', '1e-9', '--min-size', '0'];
    const done = await run(folder, ['segment', 'images', ...random, '--out', 'out', '--json', ...CPU]);
    // One field of view is of another shape than its image: that image is named, and the others are segmented.
    assert.equal(done.code, 3, done.stderr);
    assert.match(done.stderr, /odd\.png: its field of view, .*odd_fov\.png.*32 x 16/u);
    assert.deepEqual(readdirSync(join(folder, 'out')).sort(), [
      'run-2.seg.dcm',
      'run-2_frame1.png',
      'run-2_frame2.png',
      'run_frame1.png',
      'z.png',
    ]);
    const rows = async (name: string): Promise<number[]> => {
      const { data } = await maskFromImage(readFileSync(join(folder, 'out', name)), name);
      return [...new Set([...data.keys()].filter((at) => data[at] === 1).map((at) => Math.floor(at / SIDE)))];
    };
    assert.deepEqual(await rows('z.png'), [5]);
    assert.deepEqual(await rows('run-2_frame2.png'), [7]);
    assert.equal((await rows('run_frame1.png')).length, SIDE);
    assert.equal((await rows('run-2_frame1.png')).length, SIDE);
  });
});

describe('segment of DICOM files that nothing can refer to', () => {
  test('writes their masks, and says why there is no DICOM segmentation', async () => {
    const image = (without: readonly string[]): Uint8Array =>
      writeImage({ rows: SIDE, columns: SIDE, pixels: Uint8Array.from(pixels()), without });
    mkdirSync(join(folder, 'nameless'));
    writeFileSync(join(folder, 'nameless', 'image.dcm'), image(['00080018']));
    writeFileSync(join(folder, 'nameless', 'study.dcm'), image(['0020000d']));
    writeFileSync(join(folder, 'nameless', 'whole.dcm'), image([]));
    const model = ['--model', 'random:tiny', '--prompt', 'Vein'];
    const done = await run(folder, ['segment', 'nameless', ...model, '--out', 'named', '--json', ...CPU]);
    assert.equal(done.code, 3, done.stderr);
    for (const [file, uid] of [
      ['image', 'SOP Instance UID'],
      ['study', 'Study Instance UID'],
    ] as const) {
      const says = `${file}\\.dcm: no DICOM segmentation: the file states no ${uid}\\.`;
      assert.match(done.stderr, new RegExp(says, 'u'));
      assert.match(done.stdout, new RegExp(`"problems": \\[[^\\]]*${says}`, 'u'));
    }
    assert.deepEqual(readdirSync(join(folder, 'named')).sort(), [
      'image.png',
      'study.png',
      'whole.png',
      'whole.seg.dcm',
    ]);
    assert.equal((done.stdout.match(/"mask":/gu) ?? []).length, 3);
  });
});
