/** What `npx ohif-salt` starts in a clone, with a preparation and a program that only say that they ran. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packageFile = z.object({ bin: z.object({ 'ohif-salt': z.string() }) });
const { bin } = packageFile.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
const folder = mkdtempSync(join(tmpdir(), 'ohif-salt-launcher-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs it in a clone that has nothing built. @param prepare what stands in for the preparation */
function launch(prepare: string): ReturnType<typeof spawnSync> {
  const program = `
    import { readFileSync } from 'node:fs';
    console.log(JSON.stringify([process.argv.slice(2), readFileSync(0, 'utf8')]));
    process.exitCode = 3;`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, '.ci'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  cpSync(join(root, bin['ohif-salt']), join(folder, bin['ohif-salt']));
  const build = `
    import { mkdirSync, writeFileSync } from 'node:fs';
    console.log('Preparing');
    mkdirSync('dist/cli', { recursive: true });
    writeFileSync('dist/cli/main.js', ${JSON.stringify(program)});`;
  writeFileSync(join(folder, '.ci/prepare.mjs'), `${build}${prepare}`);
  return spawnSync(process.execPath, [bin['ohif-salt'], 'doctor', '--json'], {
    cwd: folder,
    input: 'said to it',
    encoding: 'utf8',
  });
}

test('is in every clone', () => {
  assert.ok(!bin['ohif-salt'].startsWith('dist/'), 'git has no dist');
  assert.ok(existsSync(join(root, bin['ohif-salt'])));
});

test('prepares beside stdout, then is the program, with its arguments, its input and its exit code', () => {
  const { status, stdout, stderr } = launch('');
  assert.deepEqual([status, stdout, stderr], [3, '[["doctor","--json"],"said to it"]\n', 'Preparing\n']);
});

test('does not start what could not be prepared', () => {
  const { status, stdout } = launch('process.exit(1);');
  assert.deepEqual([status, stdout], [1, '']);
});
