/**
 * Makes a checkout ready to run: dependencies and compiled code, each only when it is missing or out of date.
 * Plain Node 20 without dependencies, because there are none yet. `--pages` makes the pages of the browser tests
 * instead of dist/.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`This needs Node 20 or newer; this is Node ${process.versions.node}.`);
}

if (newest('package-lock.json') > newest('node_modules/.package-lock.json')) {
  console.log('Installing dependencies (npm ci) ...');
  run(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
    'The dependencies could not be installed.',
    {
      // The package comes with CPU and WebGPU; its install script would fetch CUDA from outside the registry.
      ONNXRUNTIME_NODE_INSTALL: 'skip',
    },
  );
}

const settings = ['tsconfig.json', 'package-lock.json'];
if (!process.argv.includes('--pages')) {
  build('dist', 'tsconfig.build.json', ['src', 'tsconfig.build.json', ...settings]);
} else if (
  build('out/pages', 'tsconfig.pages.json', [
    'src',
    'test',
    'tsconfig.pages.json',
    'webpack.config.js',
    ...settings,
  ]) ||
  !existsSync(at('out/web'))
) {
  const webpack = at('node_modules/webpack-cli/bin/cli.js');
  run(
    process.execPath,
    [webpack, '--config', at('webpack.config.js')],
    'The browser tests could not be bundled.',
  );
}

/**
 * Compiles a TypeScript project when a source is newer than the last time. Returns whether it did.
 * Types are not checked here: that is a test of its own, and a user who starts the program need not wait for it.
 */
function build(folder, project, sources) {
  const stamp = `${folder}/.built`;
  if (newest(stamp) > Math.max(...sources.map(newest))) return false;
  const started = new Date();
  run(
    process.execPath,
    [at('node_modules/typescript/bin/tsc'), '--noCheck', '-p', at(project)],
    'The code could not be compiled.',
  );
  // Stamped with the time it started, so that a file saved meanwhile counts as newer.
  writeFileSync(at(stamp), '');
  utimesSync(at(stamp), started, started);
  return true;
}

/** When the newest file of a folder (or a file) changed, in ms; 0 if there is none. */
function newest(path) {
  const full = at(path);
  if (!existsSync(full)) return 0;
  const stat = statSync(full);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(full).map((name) => newest(join(path, name))));
}

function run(command, args, failure, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (status !== 0) fail(`${failure}${error ? ` ${error.message}` : ' See the lines above.'}`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
