/**
 * `npm run bench:svd`: the SVD of every weight of SAM ViT-B that an adapter can touch, in two threads: computed, then
 * read from the cache. Beside it numpy (LAPACK in float64, as many threads as it likes), if OHIF_SALT_PYTHON names a
 * Python that has it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { svdAll } from '../src/linalg/svd-all.ts';
import type { SvdTask } from '../src/linalg/svd-message.ts';
import { createRandom } from '../src/protocol/random.ts';
import { fileSvdCache } from '../src/runtime/svd-cache.node.ts';
import { nodeSvdPool } from '../src/runtime/svd-pool.node.ts';

const THREADS = 2;
const BLOCK = [
  [2304, 768],
  [768, 768],
  [3072, 768],
  [768, 3072],
] as const;
const NECK = [
  [256, 768],
  [256, 2304],
] as const;
const shapes = [...Array.from({ length: 12 }, () => BLOCK).flat(), ...NECK];

/** Deviation of trained weights, about. */
const DEVIATION = 0.02;
const random = createRandom(1);
const tasks: SvdTask[] = shapes.map(([rows, cols]) => ({
  matrix: Float32Array.from({ length: rows * cols }, () => DEVIATION * random.normal()),
  rows,
  cols,
}));

const folder = await mkdtemp(join(tmpdir(), 'ohif-salt-bench-'));
try {
  const cache = fileSvdCache(folder);
  const run = async (name: string): Promise<void> => {
    const start = performance.now();
    const before = process.cpuUsage();
    await svdAll(tasks, { pool: nodeSvdPool, concurrency: THREADS, cache });
    const { user, system } = process.cpuUsage(before);
    printRow(name, (performance.now() - start) / 1000, (user + system) / 1e6);
  };
  console.log(`| SVD of ${tasks.length} matrices of ViT-B | seconds | seconds of CPU |\n|---|---|---|`);
  await run(`ours, ${THREADS} threads`);
  await run('ours, cached');
} finally {
  await rm(folder, { recursive: true, force: true });
}

const python = process.env.OHIF_SALT_PYTHON;
if (python) {
  const names = shapes.map(([rows, cols]) => `${rows}x${cols}`);
  const output = execFileSync(python, [join(import.meta.dirname, 'numpy/svd.py'), ...names], {
    encoding: 'utf8',
  });
  const [wall = NaN, cpu = NaN] = output.trim().split(' ').map(Number);
  printRow('numpy, float64', wall, cpu);
} else {
  console.log('Set OHIF_SALT_PYTHON to a Python with numpy to see its time as well.');
}

/** CPU time is that of all threads: on a busy machine it says more than the clock. */
function printRow(name: string, wall: number, cpu: number): void {
  console.log(`| ${name} | ${wall.toFixed(1)} | ${cpu.toFixed(1)} |`);
}
