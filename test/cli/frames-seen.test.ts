import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { framesSeen } from '../../src/cli/jobs/frames-seen.ts';
import type { FrameFile } from '../../src/imaging/decode-any.ts';
import { encodeFramePng, maskFromImage } from '../../src/imaging/mask.ts';
import { writeImage } from '../imaging/dicom-writer.ts';
import { RUN_SIDE, drawnRun, isInDisc } from '../imaging/drawn-run.ts';
import { CPU, succeed, workFolder } from './cli.ts';

const FRAMES = drawnRun(12);

function file(modality: string): FrameFile {
  const dicom = { studyInstanceUid: '1', seriesInstanceUid: '1.1', sopInstanceUid: '1.1.1', patientId: 'P' };
  return {
    fileName: 'run.dcm',
    width: RUN_SIDE,
    height: RUN_SIDE,
    frameCount: FRAMES.length,
    frame: (frameNumber) =>
      Promise.resolve({
        width: RUN_SIDE,
        height: RUN_SIDE,
        channels: 1,
        pixels: Float32Array.from(FRAMES[frameNumber - 1]!.data),
        source: { file: 'run.dcm', frameNumber, dicom: { ...dicom, sopClassUid: '1.2', modality } },
        intensity: '8-bit values as stored',
      }),
  };
}

/** Standard deviation of what is not in the disc. */
function unevenness(pixels: Float32Array, index: number): number {
  const around = [...pixels].filter((_, at) => !isInDisc(index, at % RUN_SIDE, Math.floor(at / RUN_SIDE)));
  const mean = around.reduce((sum, value) => sum + value, 0) / around.length;
  return Math.sqrt(around.reduce((sum, value) => sum + (value - mean) ** 2, 0) / around.length);
}

test('a model that was taught so sees a run less what stands still in it', async () => {
  const run = file('XA');
  const plain = await (await framesSeen({ subtracts: false }, run)).see(5);
  const seen = await (await framesSeen({ subtracts: true }, run)).see(5);
  assert.deepEqual(plain, await run.frame(5));
  assert.ok(unevenness(plain.pixels, 4) > 30);
  assert.ok(unevenness(seen.pixels, 4) < 8, `${unevenness(seen.pixels, 4)}`);
  const still = await (await framesSeen({ subtracts: true }, file('OPT'))).see(5);
  assert.deepEqual(still.pixels, plain.pixels);
});

test('who wants to have a run seen as it is can', async () => {
  const folder = workFolder();
  const pixels = Uint8Array.from(FRAMES.flatMap(({ data }) => [...data]));
  const image = { rows: RUN_SIDE, columns: RUN_SIDE, frames: FRAMES.length, pixels };
  writeFileSync(join(folder, 'run.dcm'), writeImage(image));
  writeFileSync(join(folder, 'frame.png'), encodeFramePng(await file('XA').frame(5)));
  const mask = async (input: string, name: string, ...how: string[]): Promise<Uint8Array> => {
    const model = ['--model', 'random:tiny', ...how];
    await succeed(folder, ['segment', input, ...model, '--out', 'found', ...CPU]);
    return (await maskFromImage(readFileSync(join(folder, 'found', name)), name)).data;
  };
  const alone = await mask('frame.png', 'frame.png');
  assert.ok(alone.includes(0) && alone.includes(1));
  assert.deepEqual(await mask('run.dcm', 'run_frame05.png', '--no-subtract'), alone);
  assert.notDeepEqual(await mask('run.dcm', 'run_frame05.png'), alone);
});

test('frames of a run are steadied by those beside them, unless someone does not want it', async () => {
  const folder = workFolder();
  const pixels = Uint8Array.from(FRAMES.flatMap(({ data }) => [...data]));
  const image = { rows: RUN_SIDE, columns: RUN_SIDE, frames: FRAMES.length, pixels };
  writeFileSync(join(folder, 'run.dcm'), writeImage(image));
  const masks = async (...how: string[]): Promise<readonly Uint8Array[]> => {
    await succeed(folder, ['segment', 'run.dcm', '--model', 'random:tiny', ...how, '--out', 'found', ...CPU]);
    const names = FRAMES.map((_, i) => `run_frame${String(i + 1).padStart(2, '0')}.png`);
    const read = names.map((name) => maskFromImage(readFileSync(join(folder, 'found', name)), name));
    return (await Promise.all(read)).map(({ data }) => data);
  };
  const [steady, alone] = [await masks(), await masks('--no-steady')];
  for (const [i, mask] of steady.entries()) assert.notDeepEqual(mask, alone[i], `frame ${i + 1}`);
  assert.deepEqual(await masks('--no-steady', '--no-subtract'), await masks('--no-subtract'));
});
