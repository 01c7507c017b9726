import assert from 'node:assert/strict';
import { test } from 'node:test';
import { svd } from '../../src/linalg/svd.ts';
import type { Svd } from '../../src/linalg/svd.ts';
import { svdAll } from '../../src/linalg/svd-all.ts';
import type { SvdPool, SvdProgress } from '../../src/linalg/svd-all.ts';
import { svdCacheKey } from '../../src/linalg/svd-cache.ts';
import type { SvdCache } from '../../src/linalg/svd-cache.ts';
import type { SvdTask } from '../../src/linalg/svd-message.ts';
import { gaussian } from './matrices.ts';

function task(rows: number, cols: number, seed = rows): SvdTask {
  return { matrix: gaussian(rows, cols, seed), rows, cols };
}

const tasks = [task(3, 4), task(20, 10), task(8, 8)];
const expected = tasks.map(({ matrix, rows, cols }) => svd(matrix, rows, cols));

/** Workers in this thread that note what happens to them. */
function recordingPool(): { pool: SvdPool; started: number; ended: number; rows: number[] } {
  const record = {
    started: 0,
    ended: 0,
    rows: [] as number[],
    pool: {
      start: () => {
        record.started++;
        return {
          factor: async ({ matrix, rows, cols }: SvdTask) => {
            record.rows.push(rows);
            await new Promise((resolve) => setImmediate(resolve));
            return svd(matrix, rows, cols);
          },
          terminate: async () => {
            record.ended++;
          },
        };
      },
    },
  };
  return record;
}

function memoryCache(): SvdCache & { readonly entries: Map<string, Svd> } {
  const entries = new Map<string, Svd>();
  return {
    entries,
    get: async (key) => entries.get(key),
    put: async (key, value) => {
      entries.set(key, value);
    },
  };
}

test('without a pool the results come in the order asked for', async () => {
  assert.deepEqual(await svdAll(tasks), expected);
  assert.deepEqual(await svdAll([]), []);
});

test('the largest matrices are started first, on no more workers than needed, which all end', async () => {
  const record = recordingPool();
  assert.deepEqual(await svdAll(tasks, { pool: record.pool, concurrency: 2 }), expected);
  assert.deepEqual([record.started, record.ended, record.rows], [2, 2, [20, 8, 3]]);
  const many = recordingPool();
  await svdAll(tasks, { pool: many.pool, concurrency: 8 });
  assert.deepEqual([many.started, many.ended], [3, 3]);
});

test('progress counts to the total and ends with no time left', async () => {
  const seen: SvdProgress[] = [];
  await svdAll(tasks, { onProgress: (progress) => seen.push(progress) });
  assert.deepEqual(
    seen.map(({ done, total }) => [done, total]),
    [
      [1, 3],
      [2, 3],
      [3, 3],
    ],
  );
  assert.ok(seen.every(({ secondsLeft }) => secondsLeft !== null && secondsLeft >= 0));
  assert.equal(seen.at(-1)?.secondsLeft, 0);
});

test('what is cached is not factored again, and starts no worker', async () => {
  const cache = memoryCache();
  const first = recordingPool();
  await svdAll(tasks.slice(0, 2), { cache, pool: first.pool });
  assert.equal(cache.entries.size, 2);
  const second = recordingPool();
  const seen: SvdProgress[] = [];
  const results = await svdAll(tasks, {
    cache,
    pool: second.pool,
    onProgress: (progress) => seen.push(progress),
  });
  assert.deepEqual(results, expected);
  assert.deepEqual(second.rows, [8]);
  assert.equal(seen[0]?.secondsLeft, null, 'nothing is known about the time before the first factorisation');
  const third = recordingPool();
  assert.deepEqual(await svdAll(tasks, { cache, pool: third.pool }), expected);
  assert.equal(third.started, 0);
});

test('a cache that cannot be written to costs a warning, not the run', async () => {
  const cache: SvdCache = {
    get: async () => undefined,
    put: async () => Promise.reject(new Error('disk full')),
  };
  const warnings: string[] = [];
  assert.deepEqual(await svdAll(tasks, { cache, onWarning: (message) => warnings.push(message) }), expected);
  assert.equal(warnings.length, 3);
  assert.match(warnings[0] ?? '', /disk full/);
});

test('the cache key changes with every number, the shape and the element type, and not with the place in a buffer', async () => {
  const { matrix } = task(4, 6);
  const changed = matrix.slice();
  changed[23] = changed[23]! + 1e-6;
  const keys = await Promise.all([
    svdCacheKey({ matrix, rows: 4, cols: 6 }),
    svdCacheKey({ matrix, rows: 6, cols: 4 }),
    svdCacheKey({ matrix: changed, rows: 4, cols: 6 }),
    svdCacheKey({ matrix: new Float64Array(matrix), rows: 4, cols: 6 }),
  ]);
  assert.equal(new Set(keys).size, 4);
  const inFile = Float32Array.of(9, ...matrix, 9).subarray(1, 25);
  assert.equal(await svdCacheKey({ matrix: inFile, rows: 4, cols: 6 }), keys[0]);
  assert.match(keys[0] ?? '', /^v\d+-f32-4x6-[0-9a-f]{64}$/);
});

test('cancelling ends the workers and rejects, at whatever moment', async () => {
  const before = recordingPool();
  await assert.rejects(svdAll(tasks, { pool: before.pool, signal: AbortSignal.abort() }), {
    code: 'CANCELLED',
  });
  assert.equal(before.started, 0);

  const during = recordingPool();
  const controller = new AbortController();
  const onProgress = (): void => controller.abort();
  await assert.rejects(svdAll(tasks, { pool: during.pool, signal: controller.signal, onProgress }), {
    code: 'CANCELLED',
  });
  assert.deepEqual([during.started, during.ended], [1, 1]);
  assert.ok(during.rows.length < tasks.length);
});

test('a matrix with NaN is named by its place in the list', async () => {
  const bad = task(3, 3);
  bad.matrix[4] = NaN;
  const record = recordingPool();
  await assert.rejects(svdAll([...tasks, bad], { pool: record.pool, concurrency: 2 }), {
    name: 'SaltError',
    code: 'NOT_FINITE',
    details: { index: 3, row: 1, col: 1 },
  });
  assert.equal(record.ended, 2);
});

test('less than one worker is refused', async () => {
  for (const concurrency of [0, -1, 1.5, NaN]) {
    await assert.rejects(svdAll(tasks, { concurrency }), { code: 'INVALID_ARGUMENT' });
  }
});
