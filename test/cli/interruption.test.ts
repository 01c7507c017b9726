import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  CPU,
  TINY_UNET,
  assertFailed,
  linesOf,
  readAdapterFile,
  run,
  start,
  succeed,
  trainLines,
  workFolder,
  writeDataset,
} from './cli.ts';
import type { Started } from './cli.ts';

const folder = workFolder();
writeDataset(folder, 'frames');

const train = (out: string, ...args: string[]) => [
  ...['train', '--data', 'frames', '--out', out, '--json', ...CPU],
  ...args,
];
const hasBest = (line: string): boolean => line.includes('"best":true');

/** Milliseconds from Ctrl-C to the end. */
async function interrupt({ child, finished }: Started) {
  const before = performance.now();
  child.kill('SIGINT');
  const done = await finished;
  return { ...done, ms: performance.now() - before };
}

describe('Ctrl-C', () => {
  test('between steps: keeps the best so far and ends with 130, within a second', async () => {
    const training = start(
      folder,
      train('stopped.safetensors', ...TINY_UNET, '--minutes', '10', '--evaluate-every', '5'),
    );
    await training.line(hasBest);
    const { code, stdout, stderr, ms } = await interrupt(training);
    assert.equal(code, 130, stderr);
    assert.ok(ms < 1000, `${ms} ms`);
    const lines = trainLines(stdout);
    const result = linesOf(lines, 'result').at(-1);
    assert.equal(result?.reason, 'cancelled');
    const scores = linesOf(lines, 'evaluation').filter(({ step }) => step > 0);
    assert.equal(result.score?.dice, Math.max(...scores.map(({ score }) => score.dice)));
    const { info } = readAdapterFile(folder, 'stopped.safetensors');
    assert.equal(info.metrics?.dice, result.score.dice);
  });

  test('within one long step: keeps the best so far all the same, within a second', async () => {
    // Steps of seconds, of which none lets messages in before it is done.
    const slow = ['--model', 'unet', '--unet-features', '16', '--image-size', '256', '--batch', '4'];
    const training = start(
      folder,
      train('slow.safetensors', ...slow, '--steps', '50', '--evaluate-every', '1'),
    );
    await training.line(hasBest);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { code, signal, stdout, stderr, ms } = await interrupt(training);
    // Dying of the signal is what a shell reports as 130.
    assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal} ${stderr}`);
    assert.ok(ms < 1000, `${ms} ms`);
    assert.equal(linesOf(trainLines(stdout), 'result').at(-1)?.adapter, 'slow.safetensors');
    assert.equal(readAdapterFile(folder, 'slow.safetensors').info.model.kind, 'unet');
  });

  test('before there is anything to keep: says so, and writes nothing', async () => {
    // Reading it never ends; whoever can open it to write knows that the run has begun to read.
    const endless = join(folder, 'endless.dcm');
    assert.equal(spawnSync('mkfifo', [endless]).status, 0);
    const training = start(
      folder,
      train('early.safetensors', '--dicom', endless, ...TINY_UNET, '--minutes', '10'),
    );
    const writer = await open(endless, 'w');
    const { code, signal, stdout, stderr } = await interrupt(training);
    await writer.close();
    assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal} ${stderr}`);
    assert.match(stderr, /^Cancelled before there was anything to keep\.$/mu);
    assert.deepEqual(linesOf(trainLines(stdout), 'result'), [
      { kind: 'result', adapter: null, bytes: null, reason: 'cancelled', bestStep: null, score: null },
    ]);
    assert.equal(existsSync(join(folder, 'early.safetensors')), false);
  });
});

describe('--resume', () => {
  test('after SIGKILL gives the same numbers as a run without it', async () => {
    const args = [...TINY_UNET, '--steps', '80', '--evaluate-every', '40', '--checkpoint-seconds', '0.01'];
    await succeed(folder, train('whole.safetensors', ...args));

    const killed = start(folder, train('parts.safetensors', ...args));
    await killed.line((line) => line.includes('"checkpoint"'));
    killed.child.kill('SIGKILL');
    const { signal, stdout: before } = await killed.finished;
    assert.equal(signal, 'SIGKILL');
    assert.equal(existsSync(join(folder, 'parts.safetensors')), false);

    const { stdout } = await succeed(folder, train('parts.safetensors', ...args, '--resume'));
    const [started] = linesOf(trainLines(stdout), 'started');
    assert.ok((started?.resumedAt ?? 0) > 0);
    assert.ok(started !== undefined && started.resumedAt < 80, before);
    const whole = readAdapterFile(folder, 'whole.safetensors');
    const parts = readAdapterFile(folder, 'parts.safetensors');
    assert.deepEqual(parts.values, whole.values);
    assert.deepEqual({ ...parts.info, createdAt: '' }, { ...whole.info, createdAt: '' });
    assert.equal(existsSync(join(folder, 'parts.safetensors.resume')), false);
  });

  test('refuses to go on with other settings, and names them', async () => {
    const first = start(
      folder,
      train('other.safetensors', ...TINY_UNET, '--steps', '4000', '--checkpoint-seconds', '0.01'),
    );
    await first.line((line) => line.includes('"checkpoint"'));
    await interrupt(first);
    const second = await start(
      folder,
      train('other.safetensors', ...TINY_UNET, '--steps', '4000', '--lr', '0.5', '--resume'),
    ).finished;
    assert.equal(second.code, 3);
    assert.match(second.stderr, /^Error: .*another run: schedule/mu);
  });
});

describe('an unfinished run', () => {
  const unfinished = join(folder, 'again.safetensors.resume');
  const state = join(unfinished, 'state.safetensors');
  const args = [...TINY_UNET, '--minutes', '10', '--evaluate-every', '5', '--checkpoint-seconds', '0.01'];

  test('is not replaced where --resume was forgotten, until it is deleted', async () => {
    const first = start(folder, train('again.safetensors', ...args));
    await first.line(hasBest);
    await first.line((line) => line.includes('"checkpoint"'));
    await interrupt(first);
    const before = [readFileSync(state), readFileSync(join(folder, 'again.safetensors'))];

    const again = train('again.safetensors', ...TINY_UNET, '--steps', '2');
    assertFailed(
      await run(folder, again),
      2,
      /^again\.safetensors\.resume holds what a run has done\. Add --resume to go on .* delete that folder/u,
    );
    assert.deepEqual([readFileSync(state), readFileSync(join(folder, 'again.safetensors'))], before);

    rmSync(unfinished, { recursive: true });
    await succeed(folder, again);
    assert.notDeepEqual(readFileSync(join(folder, 'again.safetensors')), before[1]);
    assert.equal(existsSync(unfinished), false);
    // What is finished may be replaced.
    await succeed(folder, again);
  });

  test('that is still at work keeps its files: a second one on the same --out is refused', async () => {
    const first = start(folder, train('two.safetensors', ...args));
    await first.line(hasBest);
    for (const more of [[], ['--resume']])
      assertFailed(
        await run(folder, train('two.safetensors', ...args, ...more)),
        3,
        /^Another process is at work on two\.safetensors\.resume\. Wait until it is done, or end it\.$/u,
      );
    const { code, stderr } = await interrupt(first);
    assert.equal(code, 130, stderr);
    assert.equal(readAdapterFile(folder, 'two.safetensors').info.model.kind, 'unet');
    assert.equal(existsSync(join(folder, 'two.safetensors.resume.lock')), false);
  });
});

describe('a checkpoint that cannot be written', () => {
  test('ends the run with 3 and what to do, and keeps the best so far', async () => {
    const budget = ['--minutes', '10', '--evaluate-every', '5', '--checkpoint-seconds', '1'];
    const training = start(folder, train('full.safetensors', ...TINY_UNET, ...budget));
    await training.line(hasBest);
    // A file in the way of the folder: no permission or disk can be taken from a test that runs as root.
    rmSync(join(folder, 'full.safetensors.resume'), { recursive: true });
    writeFileSync(join(folder, 'full.safetensors.resume'), '');
    const { code, stdout, stderr } = await training.finished;
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^Error: .*full\.safetensors\.resume/mu);
    const result = linesOf(trainLines(stdout), 'result').at(-1);
    assert.equal(result?.reason, 'failed');
    assert.equal(readAdapterFile(folder, 'full.safetensors').info.metrics?.dice, result.score?.dice);
  });
});
