/**
 * Makes a checkout ready to run: dependencies and compiled code, each only when it is missing or out of date.
 * Plain Node 20 without dependencies, because there are none yet. `--plugin` adds the plug-in for
 * the viewer, `--viewer` that and the viewer itself, `--umd` the plug-in for who builds a viewer; `--pages` makes the pages of the browser
 * tests instead of dist/.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`This needs Node 20.19 or newer; this is Node ${process.versions.node}.`);
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
const wanted = new Set(process.argv.slice(2));
if (wanted.has('--pages')) {
  const sources = ['src', 'test', 'tsconfig.pages.json', ...settings];
  compile('out/pages', 'tsconfig.pages.json', sources);
  bundle('out/web', ['pages'], 'out/pages');
} else {
  compile('dist', 'tsconfig.build.json', ['src', 'tsconfig.build.json', ...settings]);
}
const pluginWanted = wanted.has('--plugin') || wanted.has('--viewer');
if (pluginWanted || wanted.has('--umd')) {
  // Not all of the packages' folders: what npm pack gathers in their dist is no source.
  const packages = ['extension', 'modes/salt'].flatMap((name) => [`${name}/src`, `${name}/package.json`]);
  const sources = ['src', ...packages, 'tsconfig.viewer.json', ...settings];
  compile('out/viewer', 'tsconfig.viewer.json', sources);
}
if (pluginWanted) bundle('dist/viewer', ['viewer', 'worker'], 'out/viewer');
if (wanted.has('--umd')) bundle('dist/umd', ['umd-extension', 'umd-mode'], 'out/viewer');
if (wanted.has('--viewer')) await viewer();

/**
 * Compiles a TypeScript project when a source is newer than the last time.
 * Types are not checked here: that is a test of its own, and a user who starts the program need not wait for it.
 */
function compile(folder, project, sources) {
  unlessBuilt(folder, sources, () =>
    run(
      process.execPath,
      [at('node_modules/typescript/bin/tsc'), '--noCheck', '-p', at(project)],
      'The code could not be compiled.',
    ),
  );
}

/** Bundles some of webpack.config.js when the compiled code is newer than the last time. */
function bundle(folder, configs, compiled) {
  unlessBuilt(folder, [`${compiled}/.built`, 'webpack.config.js'], () => {
    // What is there may have chunks that nothing asks for any more.
    rmSync(at(folder), { recursive: true, force: true });
    const names = configs.flatMap((name) => ['--config-name', name]);
    run(
      process.execPath,
      [at('node_modules/webpack-cli/bin/cli.js'), '--config', at('webpack.config.js'), ...names],
      'The code for the browser could not be bundled.',
    );
  });
}

function unlessBuilt(folder, sources, make) {
  const stamp = at(folder, '.built');
  if (existsSync(stamp) && statSync(stamp).mtimeMs > Math.max(...sources.map(newest))) return;
  const started = new Date();
  make();
  // Stamped with the time it started, so that a file saved meanwhile counts as newer.
  mkdirSync(at(folder), { recursive: true });
  writeFileSync(stamp, '');
  utimesSync(stamp, started, started);
}

async function viewer() {
  const { OHIF_VERSION, fetchOhif, findOhif } = await import('./ohif.mjs');
  if (findOhif() !== undefined) return;
  console.log(`Fetching the OHIF viewer ${OHIF_VERSION} (50 MB, once) ...`);
  await fetchOhif().catch((error) => fail(error.message));
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
