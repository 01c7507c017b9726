import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CPU, ROOT, readAdapterFile, start, workFolder, writeDataset } from './cli.ts';

const folder = workFolder();
writeDataset(folder, 'frames');

const train = (out: string) => [
  ...['train', '--data', 'frames', '--model', 'random:tiny', '--image-size', '64', '--out', out, ...CPU],
  ...['--minutes', '10', '--evaluate-every', '5', '--json'],
];

describe('a training whose reader leaves, as `| head` does', () => {
  for (const [what, streams] of [
    ['stdout', ['stdout']],
    ['stdout and stderr', ['stdout', 'stderr']],
  ] as const)
    test(`of ${what}: keeps the best, and ends as after Ctrl-C`, async () => {
      const out = `${streams.length}.safetensors`;
      const training = start(folder, train(out));
      await training.line((line) => line.includes('"best":true'));
      for (const stream of streams) training.child[stream]?.destroy();
      const { code, signal, stderr } = await training.finished;
      assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal} ${stderr}`);
      assert.doesNotMatch(stderr, /Error/u);
      assert.equal(readAdapterFile(folder, out).info.model.kind, 'sam');
    });
});

describe('a disk that is full', { skip: !existsSync('/dev/full') }, () => {
  for (const args of [['parameters'], train('full.safetensors')])
    test(`below the output of ${args[0]}: is told, once and without a stack`, () => {
      const full = openSync('/dev/full', 'w');
      const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...args], {
        cwd: folder,
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      });
      closeSync(full);
      assert.equal(status, 3, stderr);
      assert.deepEqual(stderr.match(/^Error: .*$/gmu), [
        'Error: Cannot write stdout. The disk is full: free some space or choose another folder.',
      ]);
      assert.doesNotMatch(stderr, /^\s+at |fault of the program/mu);
    });
});
