import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../src/protocol/random.ts';

const CHILD = fileURLToPath(new URL('./resume-child.node.ts', import.meta.url));

interface Outcome {
  readonly killed: boolean;
  readonly resumedAt: number;
}

/** @param killAfter milliseconds after the first checkpoint; undefined lets it finish */
function runChild(checkpoint: string, result: string, killAfter?: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, checkpoint, result], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    let armed = false;
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (armed || killAfter === undefined || !output.includes('saved')) return;
      armed = true;
      setTimeout(() => child.kill('SIGKILL'), killAfter);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (signal === null && code !== 0) reject(new Error(`the training process ended with ${code}`));
      const resumedAt = Number(/resumed at (\d+)/.exec(output)?.[1] ?? NaN);
      resolve({ killed: signal === 'SIGKILL', resumedAt });
    });
  });
}

test('a run killed at random moments and resumed gives the same bytes as one left alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'salt-resume-'));
  try {
    const [undisturbed, disturbed] = [join(folder, 'undisturbed'), join(folder, 'disturbed')];
    await runChild(join(folder, 'a.state'), undisturbed);
    const random = createRandom(Date.now());
    let kills = 0;
    let furthest = 0;
    // As many kills as it takes until the process was faster than the next one.
    for (let attempt = 0; attempt < 5; attempt++) {
      const { killed, resumedAt } = await runChild(
        join(folder, 'b.state'),
        disturbed,
        random.uniform() * 150,
      );
      assert.ok(resumedAt >= furthest, `resumed at step ${resumedAt} after step ${furthest}`);
      furthest = resumedAt;
      if (!killed) break;
      kills++;
    }
    const last = await runChild(join(folder, 'b.state'), disturbed);
    assert.ok(kills > 0, 'the process was killed');
    assert.ok(last.resumedAt > 0, 'the last process resumed');
    assert.deepEqual(await readFile(disturbed), await readFile(undisturbed));
  } finally {
    await rm(folder, { recursive: true });
  }
});
