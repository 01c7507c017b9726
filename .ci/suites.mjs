/** Runs suites of checks and counts them exactly. Imported by test.mjs and oracles.mjs. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

/** A file that takes longer hangs. */
const FILE_TIMEOUT_MS = 25 * 60_000;

/** A file that takes as long is named. */
const SLOW_MS = 20_000;

/**
 * Set for files that run beside others: viewers in them compute with one thread. Two threads each, on two processors, wait for
 * one another: a step of salt-tiny takes 8.8 s in place of 6.4 s.
 */
const SHARED = 'OHIF_SALT_SHARED_PROCESSOR';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A command that must succeed: counts as one. What it prints is shown when it fails. */
export async function command(file, args) {
  const { status, output } = await new Promise((resolve) => {
    let output = '';
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', file), ...args], { cwd: ROOT });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('close', (status) => resolve({ status, output }));
  });
  if (status === 0) return { passed: 1, failed: 0, skipped: 0 };
  console.log(output.trim());
  return { passed: 0, failed: 1, skipped: 0 };
}

/** All files of a folder whose name ends in .test.ts, except under the paths given. */
export function testFiles(folder, except = []) {
  const full = join(ROOT, folder);
  if (!existsSync(full) || except.includes(folder)) return [];
  return readdirSync(full, { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return testFiles(path, except);
      return entry.name.endsWith('.test.ts') && !except.includes(path) ? [path] : [];
    })
    .sort();
}

/**
 * Runs test files, each in a process of its own (so this process must itself have been started with
 * `--import tsx`). A file that crashes, or that holds no test, counts as a failure.
 */
export async function tests(files, concurrency) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  if (files.length === 0) return count;
  const stderr = new Map();
  const milliseconds = new Map();
  const paths = files.map((file) => resolve(ROOT, file));
  if (concurrency > 1) process.env[SHARED] = 'yes';
  else delete process.env[SHARED];
  for await (const { type, data } of run({ files: paths, concurrency, timeout: FILE_TIMEOUT_MS })) {
    if (type === 'test:stderr') stderr.set(data.file, (stderr.get(data.file) ?? '') + data.message);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.nesting === 0 && data.file) {
      milliseconds.set(data.file, (milliseconds.get(data.file) ?? 0) + data.details.duration_ms);
    }
    const isFile = data.nesting === 0 && paths.includes(data.name);
    const isSuite = data.details.type === 'suite';
    if (type === 'test:fail') {
      const { error } = data.details;
      // A suite fails because of its tests, which are counted, or on its own, which is one more failure.
      if (error?.failureType === 'subtestsFailed') continue;
      count.failed++;
      console.log(
        `  FAILED ${isFile ? relative(ROOT, data.name) : `${relative(ROOT, data.file ?? '')}: ${data.name}`}`,
      );
      const cause = isFile ? (stderr.get(data.name) ?? error) : (error?.cause ?? error);
      console.log(indent(typeof cause === 'string' ? cause.trim() : inspect(cause)));
    } else if (isFile) {
      count.failed++;
      console.log(`  FAILED ${relative(ROOT, data.name)}: holds no test`);
    } else if (data.skip !== undefined) {
      count.skipped++;
      console.log(`  skipped ${data.name}${typeof data.skip === 'string' ? `: ${data.skip}` : ''}`);
    } else if (!isSuite) count.passed++;
  }
  tellSlow(milliseconds);
  return count;
}

/** The files that took longest, where to begin when a suite has become slow. */
function tellSlow(milliseconds) {
  const slow = [...milliseconds].sort(([, p], [, q]) => q - p).filter(([, ms]) => ms >= SLOW_MS);
  for (const [file, ms] of slow) console.log(`  ${Math.round(ms / 1000)} s  ${relative(ROOT, file)}`);
}

/**
 * Runs suites one after the other, those of `together` at once and before the others, prints the result of each, and
 * as the last line the sum.
 */
export async function runSuites(suites, together = []) {
  const begun = new Map(together.filter((name) => name in suites).map((name) => [name, timed(suites[name])]));
  const results = [];
  for (const [name, suite] of Object.entries(suites)) {
    const { result, seconds } = await (begun.get(name) ?? timed(suite));
    results.push(result);
    console.log(`${name}: ${phrase(result)} (${seconds.toFixed(1)} s)`);
  }
  const sum = total(results);
  console.log(phrase(sum));
  process.exitCode = sum.failed > 0 ? 1 : 0;
}

async function timed(suite) {
  const start = performance.now();
  const result = await suite();
  return { result, seconds: (performance.now() - start) / 1000 };
}

export function total(results) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const result of results) for (const key of Object.keys(sum)) sum[key] += result[key];
  return sum;
}

function phrase({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function indent(text) {
  return text.replace(/^/gm, '    ');
}
