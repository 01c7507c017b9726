/**
 * `npm test`: lint, types, formatting, unit tests, browser tests and tests in the real viewer; the last line is
 * the sum.
 * `npm test -- unit browser` runs the suites named, and only so the real images that OHIF_SALT_DATA names: `npm test -- real`.
 * Started with `--import tsx`, see suites.mjs.
 */
import { spawnSync } from 'node:child_process';
import { NO_CHROMIUM, findChromium } from './chromium.mjs';
import { fetchOhif } from './ohif.mjs';
import { command, runSuites, testFiles, tests, total } from './suites.mjs';

const SUITES = {
  lint: () => command('eslint/bin/eslint.js', ['.', '--max-warnings', '0']),
  types: () => command('typescript/bin/tsc', ['--noEmit']),
  format: () => command('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  unit: () => tests(longFirst(testFiles('test', ['test/browser', 'test/oracles', 'test/viewer'])), 2),
  browser,
  viewer,
  real: () => viewer([REAL]),
};

/** Takes minutes and needs images that are none of the project's. */
const REAL = 'test/viewer/real.test.ts';
const ONLY_WHEN_NAMED = ['real'];

/** What these measure depends on how much of the machine is theirs. */
const LEARN_IN_SET_TIME = ['coronary', 'fundus'].map((name) => `test/viewer/${name}.test.ts`);

/** These begin before the rest of their suite, so that no processor idles while the last of them ends. */
const LONG = [
  'cli/bad-input',
  'cli/loop',
  'cli/models',
  'cli/trained-sizes',
  'training/pretraining',
  'browser/webgpu',
  'browser/worker',
  'browser/plugin',
  'viewer/versions',
  'viewer/orthanc',
  'viewer/part',
  'viewer/host',
].map((name) => `test/${name}.test.ts`);

async function browser() {
  const files = testFiles('test/browser');
  if (!findChromium()) installChromium();
  if (findChromium()) return tests(longFirst(files), 2);
  console.log(`  skipped: ${NO_CHROMIUM}`);
  return { passed: 0, failed: 0, skipped: files.length };
}

/** The plug-in in the real viewer, from end to end. */
async function viewer(files = testFiles('test/viewer', [REAL])) {
  const timed = files.filter((file) => LEARN_IN_SET_TIME.includes(file));
  const missing = findChromium()
    ? await fetchOhif().then(
        () => undefined,
        (error) => error.message,
      )
    : NO_CHROMIUM;
  if (missing === undefined) {
    // Before two files at once want it.
    spawnSync(process.execPath, ['.ci/prepare.mjs', '--plugin'], { stdio: 'inherit' });
    const others = files.filter((file) => !timed.includes(file));
    return total([await tests(longFirst(others), 2), await tests(timed, 1)]);
  }
  console.log(`  skipped: ${missing}`);
  return { passed: 0, failed: 0, skipped: files.length };
}

function longFirst(files) {
  return [...LONG.filter((file) => files.includes(file)), ...files.filter((file) => !LONG.includes(file))];
}

/** Where this is Debian and we may. */
function installChromium() {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).error) return;
  console.log('Installing Chromium (apt-get install chromium) ...');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { env });
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'libvulkan1'], {
    env,
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in SUITES));
if (unknown.length > 0) {
  console.error(`There is no suite "${unknown[0]}". Choose ${Object.keys(SUITES).join(', ')}.`);
  process.exit(2);
}
await runSuites(
  Object.fromEntries(
    Object.entries(SUITES).filter(([name]) =>
      wanted.length === 0 ? !ONLY_WHEN_NAMED.includes(name) : wanted.includes(name),
    ),
  ),
  ['lint', 'types', 'format'],
);
