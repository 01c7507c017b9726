/**
 * `node --import tsx bench/worker.ts [threads] [steps]`: the model that ships in headless Chromium on WASM: the first
 * draft, the next ones, a training run.
 */
import { runInPage } from '../test/browser/harness.ts';
import type { Report } from '../test/browser/pages/worker-speed.ts';

const [threads = 2, steps = 8] = process.argv.slice(2).map(Number);
const report = await runInPage<Report>('worker-speed', { threads, steps });
const sorted = [...report.stepMilliseconds].sort((a, b) => a - b);
console.log(report.plan);
for (const [what, ms] of Object.entries(report.milliseconds)) console.log(`${what}: ${ms.toFixed(0)} ms`);
console.log(
  `step: median ${(sorted[sorted.length >> 1] ?? NaN).toFixed(0)}, least ${(sorted[0] ?? NaN).toFixed(0)} ms`,
);
console.log(`pictures a second while training: ${report.framesPerSecond.toFixed(0)}`);
