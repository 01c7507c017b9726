import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const suites = new URL('../../.ci/suites.mjs', import.meta.url).href;

/** Runs files of tests through .ci/suites.mjs in a process of its own and returns its last line and status. */
function count(files: Record<string, string>): { last: string; status: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'counting-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), `import { describe, test } from 'node:test';\n${text}`);
    }
    const main = join(folder, 'main.mjs');
    const paths = JSON.stringify(Object.keys(files).map((name) => join(folder, name)));
    writeFileSync(
      main,
      `import { runSuites, tests } from ${JSON.stringify(suites)};
       await runSuites({ all: () => tests(${paths}, 2) });`,
    );
    const env = { ...process.env };
    delete env.NODE_TEST_CONTEXT; // a test run inside a test run does nothing
    const { stdout, status } = spawnSync(process.execPath, [main], { encoding: 'utf8', env });
    return { last: stdout.trim().split('\n').at(-1) ?? '', status };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('passes are counted one by one, suites are not', () => {
  const files = {
    'a.mjs': `test('1', () => {}); describe('s', () => { test('2', () => {}); test('3', () => {}); });`,
  };
  assert.deepEqual(count(files), { last: '3 passed, 0 failed', status: 0 });
});

test('a failed test, a broken suite, a crash, an abort after the tests and a file without tests each fail', () => {
  const files = {
    'failed.mjs': `test('no', () => { throw new Error('no'); }); test('yes', () => {});`,
    'suite.mjs': `describe('s', () => { throw new Error('broken'); });`,
    'crash.mjs': `throw new Error('crash');`,
    'abort.mjs': `test('yes', () => {}); setTimeout(() => process.abort(), 100);`,
    'empty.mjs': '',
  };
  assert.deepEqual(count(files), { last: '2 passed, 5 failed', status: 1 });
});

test('skipped tests are neither passed nor failed', () => {
  const files = { 'a.mjs': `test('no', { skip: 'no GPU' }, () => {}); test('yes', () => {});` };
  assert.deepEqual(count(files), { last: '1 passed, 0 failed, 1 skipped', status: 0 });
});
